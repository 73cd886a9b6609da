/*
 * types.d.ts -- the header of the page's modules: shapes and contracts.
 *
 * Browsers never load it; `npm run types` in e2e/ checks every module against it.
 * The modules are served as they are written. What one promises to another stands
 * here, so that 4 KiB are enough for the tracker and 15 KiB for all, compressed.
 * Units are in the names; *_at and ts are milliseconds since 1970 UTC.
 */

interface Navigator {
    readonly globalPrivacyControl?: boolean;
}

declare namespace Kith {
    /* ---- tracker.js: see what a reader saw ------------------------------- */

    /*
     * View     Half of the post's pixels, or half of the viewport for a post too
     *          tall for that, for one unbroken second in a visible document. Time
     *          hidden or away never counts; leaving starts the second again.
     *          Once per (request id, post), however often it is drawn again; a site
     *          that keeps no request id is told apart by the impression.
     * Sending  Through the outbox: in batches, and at once on hiding or leaving.
     *          No unload or beforeunload: they cost the back/forward cache.
     * Tall     The observer reports steps of 5 % of the ratio itself: at half a
     *          viewport 2.5 % of its height, for a post of one viewport as for one
     *          of 200. Even steps of the ratio would miss tall posts.
     * Cost     One IntersectionObserver; no scroll listener, no layout read.
     * Refuses  To know who reads: identity is the server's cookie alone.
     */
    interface Tracker {
        /** Watches for a view. Observing an element again replaces what it shows. */
        observe(element: Element, served: Served): void;
        unobserve(element: Element): void;
        /**
         * Queues one event and returns its id. When `served` is the object that an
         * element was observed with, the post's time in view goes along.
         */
        track(type: EventType, served: Served, extra?: Metadata): string;
        /** Sends what may go now; resolves to the number of events still unsettled. */
        flush(): Promise<number>;
    }

    type CreateTracker = (options?: TrackerOptions) => Tracker;
    type WithSlot = (slot: Slot) => void;
    type Look = (entries: IntersectionObserverEntry[]) => void;

    interface TrackerOptions {
        endpoint?: string;
        /** null: nothing is kept on the device, leftovers are lost with the page. */
        storage?: Storage | null;
        /**
         * May this reader be tracked? Asked at every event and every sending; at
         * false nothing is stored or sent, and what was stored is removed. Unless
         * given: the cookie kith_consent (yes, or anything else for no), without it
         * neither Global Privacy Control nor Do Not Track. The server goes by the
         * same, so a function of one's own can only be stricter.
         */
        consent?(): boolean;
        viewMs?: number;
        waitMs?: number;
        batchEvents?: number;
        onqueue?(event: TrackedEvent): void;
        onflush?(report: Report): void;
    }

    /** One post as one answer served it. */
    interface Served {
        postId: string;
        requestId?: string;
        /** The signed token that came with the post. */
        impression?: string;
        position?: number;
    }

    type EventType = 'view' | 'click' | 'like' | 'unlike' | 'share' | 'hide';
    type Metadata = Record<string, unknown>;

    interface TrackedEvent {
        event_id: string; /* UUID v7, the idempotency key */
        type: EventType;
        post_id: string;
        ts: number; /* the same on every retry */
        impression?: string;
        metadata: Metadata; /* position, dwell_ms, max_ratio, persisted */
    }

    interface Slot {
        served: Served;
        key: string;
        enough: boolean; /* enough of it was in view when last told */
        since: number; /* performance.now() of the running second, -1: none */
        dwellMs: number; /* time in view before that */
        maxRatio: number;
        timer: number;
    }

    /* ---- tracker.js, inside: keep each event until the server answered --- */

    /*
     * Promise  An event leaves the store only when an answer names its id, as
     *          accepted (stored now or before) or rejected. The server keeps one
     *          row per event id, so to send twice is harmless and to forget is the
     *          only fault.
     * Body     A string, as text/plain: another origin costs no preflight, for which
     *          a page that is being left has no time. Cookies go along.
     * Store    One record per event, `kith.ev.<event_id>`, seen by every tab; at
     *          most 1,000 and 7 days, views go before the rest. Without storage,
     *          or when it is full, records live in memory.
     * Leaves   waitMs after the first queued event, or at batchEvents of them.
     *          One tab sends at a time where Web Locks exist; a tab that
     *          sees another one queue waits twice as long, then sends what is left:
     *          the other may have been closed.
     * Hiding   Keepalive requests at once, without the lock, at most 60 KiB in
     *          flight; where they fail, a beacon. A beacon cannot say what arrived:
     *          what it carried stays stored for the next visit.
     * Failure  Network, 408, 429, 5xx: full-jitter backoff, never sooner than
     *          Retry-After (seconds or a date), hiding or not. 413: half the batch. Any other 4xx:
     *          dropped and reported. A 200 that names none of our events is not
     *          our server (a captive portal) and the same as no answer.
     */
    interface Outbox {
        /** False: larger than the server takes, not queued. */
        put(event: TrackedEvent): boolean;
        flush(): Promise<number>;
        /** The page may be gone after this call. */
        leave(): void;
    }

    type CreateOutbox = (options: OutboxOptions) => Outbox;
    type Settle = (response: Response, report: Report) => Promise<void>;
    type Send = (batch: Batch, leaving?: boolean) => Promise<number>; /* the status */

    interface OutboxOptions {
        endpoint: string;
        storage: Storage | null;
        consent(): boolean;
        waitMs: number;
        batchEvents: number;
        onflush?(report: Report): void;
    }

    /** What became of one POST. */
    interface Report {
        status: number; /* 0: no answer */
        ids: string[];
        settled: string[]; /* need no further sending */
        rejected: Rejected[];
        dropped: number; /* settled without being judged: a refused batch */
    }

    /** What the tracker reads of a 200 or 202 of POST /api/track. */
    interface Stored {
        accepted: string[]; /* ids on disk, now or since before */
        rejected: Rejected[];
    }

    interface Rejected {
        index: number;
        event_id?: string | null; /* null: it could not be read */
        code: string;
        detail?: string;
    }

    interface Batch {
        ids: string[];
        body: string;
        bytes: number;
        full: boolean; /* more waits than one POST may carry */
    }

    /* ---- the calls of the page, and their answers (feed.js) ----------------- */

    interface Problem {
        code: string; /* the server's; `network`: no answer, `unknown`: not ours */
        request_id?: string;
    }

    /** Throws ApiError. A bad or expired cookie is refused once, and taken away with
     * the refusal: the same call again is a new visitor's. */
    type Call = (path: string, init?: RequestInit, again?: boolean) => Promise<any>;
    type GetFeed = (kind: Kind, cursor?: string | null, limit?: number) => Promise<Answer>;
    type GetUpdates = (since: number) => Promise<Updates>;
    type GetReaders = () => Promise<Readers>;
    type ReadAs = (id: string | null) => Promise<{ user_id: string | null }>; /* null: a new, anonymous reader */

    type Kind = 'for_you' | 'latest';

    interface Reason {
        code: string;
        share: number; /* of the score, 0..1, exact */
        post_ids: string[];
        titles?: string[]; /* of the reader's own posts in post_ids */
        shares?: number[]; /* of each of them, of the whole score */
    }

    interface Post {
        id: string;
        position: number;
        title: string;
        body: string;
        author: { id: string; name: string } | null;
        tags: string[];
        published_at: number;
        counts: { view: number; click: number; like: number; share: number };
        source: string;
        reasons?: Reason[];
        impression: string;
        image: string | null;
        url: string | null;
    }

    interface Answer {
        request_id: string;
        source: 'ml_recommendations' | 'random_fallback';
        fallback_reason: string | null;
        generated_at: number;
        model: { name: string; version: string; age_s: number } | null;
        posts: Post[];
        next_cursor: string | null;
        has_more: boolean;
    }

    /* ---- app.js: read as somebody else -------------------------------------- */

    /*
     * The old reader's events must be settled before the cookie changes, or they
     * would count for the new one: a switch that cannot flush first is refused.
     * Hooks (data-testid): reader-button, reader-dialog, reader (data-reader-id,
     * aria-current), reader-new.
     */
    type CreateReaders = (
        flush: () => Promise<number>, /* resolves to what could not be sent */
        switched: () => void,
    ) => Promise<void>;
    type ShowFace = (place: HTMLElement, reader: Pick<Reader, 'name' | 'taste'>) => void;
    type Change = (id: string | null) => Promise<void>;

    interface Reader {
        id: string;
        name: string;
        taste: string;
        about: string;
    }

    interface Readers {
        readers: Reader[];
        current: string | null;
    }

    /* ---- feed.js: hear of new posts ---------------------------------------- */

    /*
     * Ways     WebSocket; else an event stream, over HTTP/2 or later only; else
     *          /api/feeds/updates twice a minute. Three failures in a row change
     *          the way; polling tries a line again every few minutes.
     * Alive    A line that is silent for a minute is dead. It is closed when the
     *          page leaves or has been hidden for a minute, and opened again when
     *          it is back, restored or online; after a loss with full-jitter
     *          backoff. What was missed shows in the next hello.
     * Shows    One pill with what is new since the feed was made. Nothing moves
     *          until it is pressed.
     * Hooks    data-testid: news (role=status), news-button
     */
    interface Live {
        /** The feed on the page was made at this time (server's clock). */
        begin(at: number): void;
    }

    type CreateLive = (press: (count: number, since: number) => void) => Live;
    type Wait = (ms: number, then: () => void) => void;
    type Hear = (message: MessageEvent<string>) => void;

    type LiveMessage =
        | { type: 'hello'; server_time: number; newest_post_at: number }
        | { type: 'new_posts'; count: number; newest_post_at: number }
        | { type: 'recommendations_ready' }
        | { type: 'bye'; retry_ms: number };

    interface Updates {
        server_time: number;
        new_posts: number; /* at most 100 are counted */
        newest_post_at: number | null;
        recommendations_ready: boolean;
    }

    /* ---- show.js: one post ------------------------------------------------- */

    /*
     * A card owns its article element and what the reader did to it; it reports
     * through `acts` and knows neither the tracker nor the feed.
     */
    type CreateCard = (post: Post, requestId: string, acts: CardActs) => Card;
    type ShowCount = (button: HTMLElement, n: number) => void;
    type Excerpt = (text: string, chars: number) => string; /* cut between words */
    type Switch = (on: boolean) => void;

    interface Card {
        element: HTMLElement;
        post: Post;
        served: Served;
        like(): void;
        open(): void;
        share(): void;
        hide(): void;
        place(index: number, size: number): void;
    }

    interface CardActs {
        /** Reports what the reader did; returns the event's id. */
        event(card: Card, type: EventType): string;
        /** Undo for the case that the server rejects that event. */
        onrejected(id: string, undo: () => void): void;
        hide(card: Card): void;
        share(card: Card): Promise<boolean>;
        liked: Set<string>;
    }

    /* ---- show.js: what every part of the page shows with ---------------------- */

    /** The first that index.html promises: a part of the page or of a copy. */
    type Part = <T extends string>(root: ParentNode, selector: T) =>
        T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement;
    type Find = (id: string) => HTMLElement;
    type Make = (tag: string, text: string) => HTMLElement;
    /** Shows the words that index.html has for a code (data-<code> of the element). */
    type Say = (element: HTMLElement, code: string, otherwise?: string) => void;
    type Count = (n: number) => string;
    type Ago = (at_ms: number) => string;
    type TellShare = (share: number, words: string, kind?: string) => void;

    /** One message at a time, for six seconds; the time stands still while the pointer
     * or the focus is on it. */
    type Toast = (message: string, action?: ToastAction) => void;

    interface ToastAction {
        label: string;
        act(): void;
        /** Called when the time has passed without the action. */
        expired?(): void;
    }

    /* ---- feed.js: fetch, show, scroll --------------------------------------- */

    /*
     * What is shown is never taken away by a failure, and nothing is ever inserted
     * above the reader. An expired or foreign cursor starts a fresh feed below
     * what is shown, without repeating it.
     * Hooks (data-testid): #feed (role=feed, aria-busy, data-kind); post, post-why,
     * post-body, post-open, post-shares, post-like, post-share, post-hide;
     * feed-origin, feed-loading, feed-more, feed-end, feed-fresh, feed-empty,
     * feed-error, feed-retry.
     */
    type CreateFeed = (tracker: Tracker, told: FeedTold) => Feed;

    interface FeedTold {
        onrejected: CardActs['onrejected'];
        onfresh(at: number): void; /* a feed made at that time is shown */
        onshow(post: Post): void;
    }

    /* What follows the articles. Nothing does while posts are put in before it: what
     * is seen to move counts as a jump of the page, what was gone does not. */
    type SetTail = (shown?: 'loading' | 'more' | 'end' | 'empty' | 'error') => void;
    interface Failure {
        status: number;
        code: string;
        request: string | undefined;
    }
    type ShowError = (error: Failure) => void;
    type ShareLink = (post: Post) => Promise<boolean>; /* through the system, else a copy */
    type MakeCards = (answer: Answer, since?: number) => Card[];
    type Show = (answer: Answer) => void;
    /** One request at a time; false when it failed or was overtaken. */
    type Fetching = (ask: () => Promise<Answer>, show: Show, failed: ShowError) => Promise<boolean>;


    interface Feed {
        /** A fresh feed; `keep` shows the old one until the new one has come. */
        load(kind: Kind, keep?: boolean): Promise<boolean>;
        more(): Promise<void>;
        /** Puts the newest posts, published after `since`, on top and goes there. */
        insert(count: number, since: number): Promise<void>;
        cards(): Card[];
        /** The card with focus, else the first one in view. */
        current(): Card | undefined;
        focus(card: Card | undefined): void;
    }

    /* ---- app.js: watch the learning; the keyboard --------------------------- */

    /*
     * /?feed=latest chooses the feed, /?post=<id> goes to a shared post. Letters as
     * keys can be switched off (WCAG 2.1.4).
     * Hooks (data-testid): learned, learned-events, learned-calls, learned-saved,
     * learned-waiting, learned-item (data-state: waiting, stored, refused).
     */
    type CreateLearned = (titleOf: (postId: string) => string | undefined) => {
        queued(event: TrackedEvent): void;
        flushed(report: Report, refused: (string | undefined)[]): void;
        reset(): void;
    };

    type CreateKeys = (feed: Feed, refresh: () => void) => void;
    type Keys = Record<string, () => void>;
}
