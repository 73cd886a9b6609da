/* The feed learns, from events and not from nights. */
import { expect, test } from '../support/test.ts';
import { topicOf } from '../support/reader.ts';

const NEXT = 10;

test('three likes of one topic turn the next ten posts, without a training', async ({ reader }) => {
    await reader.open();
    await reader.scroll(30); /* of twelve topics: one has at least three */
    const shown = reader.answers.flatMap((a) => a.posts);
    const of = (topic: string) => shown.filter((post) => topicOf(post) === topic);
    const [topic = ''] = shown.map(topicOf).sort((a, b) => of(b).length - of(a).length);
    const posts = of(topic);
    const before = reader.answers[0]!;
    expect(before).toMatchObject({ source: 'random_fallback', fallback_reason: 'cold_start' });

    for (const post of posts.slice(0, 3)) await reader.like(reader.post(post.id));
    const after = await reader.refresh();

    expect((await reader.counts()).like).toBe(3);
    expect(after).toMatchObject({ source: 'ml_recommendations', fallback_reason: null });
    expect(after.model?.version).toBe(before.model?.version);
    const next = after.posts.slice(0, NEXT);
    expect(next.filter((post) => topicOf(post) === topic).length).toBeGreaterThan(NEXT / 2);
    await expect(reader.origin).toContainText('Picked for you');
    await expect(reader.posts.first()).toHaveAttribute('data-source', 'neighbours');
});

test('reasons are true shares that name what the reader liked', async ({ reader }) => {
    await reader.open();
    await reader.readAs(/astronom|stars/i);
    const { posts } = reader.answers.at(-1)!;
    const explained = posts.filter((post) => post.source === 'neighbours');
    expect(explained.length).toBeGreaterThan(0);
    for (const post of explained) {
        expect(post.reasons!.length).toBeGreaterThan(0);
        let sum = 0;
        for (const { share } of post.reasons!) {
            expect(share).toBeGreaterThan(0);
            sum += share;
        }
        expect(sum).toBeLessThanOrEqual(1.001);
    }
    await expect(reader.posts.first().getByTestId('post-why')).toContainText('Because you');
});

test('"Why this post" opens the shares that the answer has, which are all of the score', async ({ reader, page }) => {
    await reader.open();
    await reader.readAs(/astronom|stars/i);
    const percent = (share: number) => `${Math.round(share * 100)}% `;
    const post = reader.answers.at(-1)!.posts.find(({ reasons }) => reasons?.[0]?.code === 'similar_readers')!;
    const [reason] = post.reasons!;
    const shares = reader.post(post.id).getByTestId('post-shares');
    await expect(shares.getByRole('listitem').first()).toBeHidden();
    await shares.getByText('Why this post').click();
    await expect(shares.getByRole('listitem')).toHaveText([
        `${percent(reason!.share)}readers like you`,
        ...reason!.titles!.map((title, i) => `${percent(reason!.shares![i]!)}“${title}”`),
        ...reason!.share < 0.995 ? [`${percent(1 - reason!.share)}everything else`] : [],
    ]);
    await page.keyboard.press('Enter'); /* the focus is on it */
    await expect(shares.getByRole('listitem').first()).toBeHidden();
});

test('what was liked, hidden or read is not served again', async ({ reader, page }) => {
    await reader.open();
    const [liked, hidden] = await reader.ids();
    await reader.like(reader.post(liked!));
    await reader.post(hidden!).getByTestId('post-hide').click();
    await page.getByTestId('toast').waitFor();
    await reader.refresh(); /* also ends the time for undo */
    await reader.stored({ like: 1, hide: 1 });
    await reader.refresh();
    await reader.scroll(120);
    const next = await reader.ids();
    expect(next).not.toContain(liked);
    expect(next).not.toContain(hidden);
});
