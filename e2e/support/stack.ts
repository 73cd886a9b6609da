/*
 * stack.ts -- a private kith: its own database, workers and nginx in a folder of
 * its own, started and stopped by the scripts of `make run` and `make stop`.
 *
 * Where    <base>/<name>/ looks like a checkout: copies of ops/local, links to
 *          the rest of this one, and var/ with all that the stack writes.
 * Ends     stop() leaves no process; stopAll(base) ends what a crash left.
 * Refuses  to know the names of processes: what belongs to a stack carries its
 *          folder, see ops/local/lib.sh.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { expect } from '@playwright/test';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

const START_MS = 120_000;
const COMMAND_MS = 60_000;
const OUTPUT_BYTES = 64 << 20;

export type Role = 'track' | 'feeds' | 'admin';
export type Settings = Record<string, string>;
export type Row = Record<string, any>;

export interface Output {
    code: number;
    text: string; /* standard output */
    errors: string;
}

/** Runs a program to its end. Its exit code is part of the answer, never a throw. */
export function run(program: string, args: string[],
    { env = {}, input = '', ms = COMMAND_MS }: { env?: Settings, input?: string, ms?: number } = {}): Promise<Output> {
    /* Settings of the caller are not settings of a test's stack. */
    const own = Object.fromEntries(Object.entries(process.env)
        .filter(([name]) => !/^(KITH_|MAKE|MFLAGS|VARIANT)/.test(name)));
    return new Promise((resolve) => {
        const child = execFile(program, args, { env: { ...own, ...env }, timeout: ms, maxBuffer: OUTPUT_BYTES, killSignal: 'SIGTERM' },
            (error, text, errors) => {
                const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
                resolve({ code, text, errors });
            });
        child.stdin?.on('error', () => {}); /* it need not read all */
        child.stdin?.end(input);
    });
}

function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
            const address = server.address();
            server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
        });
    });
}

/** The user of the stack must be able to get there, its files are its own. */
export function makeBase(): string {
    const base = fs.mkdtempSync(path.join(tmpdir(), 'kith-e2e-'));
    fs.chmodSync(base, 0o755);
    return base;
}

function makeCheckout(root: string) {
    const local = path.join(root, 'ops/local');
    fs.mkdirSync(path.dirname(local), { recursive: true });
    fs.cpSync(path.join(REPOSITORY, 'ops/local'), local, { recursive: true });
    for (const folder of ['', 'ops'])
        for (const name of fs.readdirSync(path.join(REPOSITORY, folder))) {
            const link = path.join(root, folder, name);
            if (name !== 'var' && name !== '.git' && !fs.existsSync(link))
                fs.symlinkSync(path.join(REPOSITORY, folder, name), link);
        }
}

/** Ends every stack below `base` and removes it. Returns what went wrong. */
export async function stopAll(base: string): Promise<string[]> {
    const wrong = [];
    for (const name of fs.existsSync(base) ? fs.readdirSync(base) : []) {
        const { code, text, errors } = await run(path.join(base, name, 'ops/local/stop'), []);
        if (code) wrong.push(`${name}: ${text}${errors}`);
    }
    if (!wrong.length) fs.rmSync(base, { recursive: true, force: true });
    return wrong;
}

export class Stack {
    readonly root: string;
    readonly url: string;
    /** Variables of `make run`. */
    readonly env: Settings;

    private constructor(root: string, url: string, env: Settings) {
        this.root = root;
        this.url = url;
        this.env = env;
    }

    /**
     * `env` are variables of `make run`: DATA, RATE_LIMIT, KITH_DEMO ...; a function
     * gets the stack's folder and may put files there.
     */
    static async start(base: string, name: string, env: Settings | ((root: string) => Settings) = {}): Promise<Stack> {
        const root = path.join(base, name);
        const port = await freePort();
        const farHour = String((new Date().getUTCHours() + 12) % 24);
        makeCheckout(root);
        const own = typeof env === 'function' ? env(root) : env;
        const stack = new Stack(root, `http${own.TLS_CERT ? 's' : ''}://127.0.0.1:${port}`,
            { PORT: String(port), NIGHTLY_HOUR: farHour, PG_SHARED_MB: '128', READY_S: '60', ...own });
        await stack.up();
        return stack;
    }

    /** The stack that another process of this run started. */
    static at(root: string, url: string): Stack {
        return new Stack(root, url, {});
    }

    async up() {
        const { code, text, errors } = await run(this.local('up'), [], { env: this.env, ms: START_MS });
        if (code) throw new Error(`the stack did not start:\n${text}${errors}`);
    }

    stop(): Promise<Output> {
        return run(this.local('stop'), []);
    }

    private local(script: string) {
        return path.join(this.root, 'ops/local', script);
    }

    /** A path below the folder of the stack's data. */
    file(name: string) {
        return path.join(fs.realpathSync(path.join(this.root, 'var')), name);
    }

    /** A command as the user of the stack, with its settings. */
    with(...command: string[]): Promise<Output> {
        return run(this.local('with'), command);
    }

    async kith(...args: string[]): Promise<string> {
        const { code, text, errors } = await this.with('kith', ...args);
        if (code) throw new Error(`kith ${args.join(' ')} ended with ${code}: ${errors}`);
        return text;
    }

    async token(user: string): Promise<string> {
        return (await this.kith('token', '--user', user)).trim();
    }

    /** Rows of a query; `:'name'` in it stands for values.name. */
    async rows(sql: string, values: Settings = {}): Promise<Row[]> {
        const names = Object.entries(values).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
        const { code, text, errors } = await run(this.local('with'),
            ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', ...names],
            { input: `SELECT coalesce(json_agg(r), '[]') FROM (${sql}) AS r;` });
        if (code) throw new Error(`psql: ${errors}`);
        return JSON.parse(text);
    }

    async row(sql: string, values: Settings = {}): Promise<Row> {
        const [first] = await this.rows(sql, values);
        if (!first) throw new Error(`no row: ${sql}`);
        return first;
    }

    /** New posts, as the host application would make them: rows. Newest title first. */
    async publish(count: number): Promise<string[]> {
        const mark = `News ${Date.now()}`;
        const { code, errors } = await this.with('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c',
            `INSERT INTO posts (id, title, body, published_at)
             SELECT gen_random_uuid(), '${mark} no. ' || i, 'Just in.', now() - (${count} - i) * interval '1 ms'
             FROM generate_series(1, ${count}) AS i`);
        if (code) throw new Error(`psql: ${errors}`);
        return Array.from({ length: count }, (_, i) => `${mark} no. ${count - i}`);
    }

    /** Whoever wants to read or store events waits until release(). */
    async lockEvents(): Promise<{ release(): Promise<void> }> {
        const psql = spawn(this.local('with'), ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'pipe', 'inherit'] });
        const ended = once(psql, 'exit');
        psql.stdin.write("BEGIN; LOCK TABLE user_interactions IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n");
        await once(psql.stdout, 'data');
        return {
            async release() {
                psql.stdin.end('COMMIT;\n');
                await ended;
            },
        };
    }

    /** How many connections wait for such a lock. */
    async waiting(): Promise<number> {
        return (await this.row("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).count;
    }

    // ---- services

    servicePid(service: string): number {
        return Number(fs.readFileSync(this.file(`service/${service}/supervise/pid`), 'utf8'));
    }

    /** One letter of runit's control: u up, d down, x exit ... */
    control(service: string, letter: string) {
        fs.writeFileSync(this.file(`service/${service}/supervise/control`), letter);
    }

    /** nginx with other workers: once all of them are there, and those before take no connection any more. */
    async reload() {
        const accepting = () => this.children('nginx').filter((pid) => !read(`/proc/${pid}/cmdline`).includes('shutting down'));
        const before = accepting();
        this.control('nginx', 'h');
        await expect.poll(() => {
            const now = accepting();
            return now.length === before.length && !now.some((pid) => before.includes(pid));
        }, { timeout: COMMAND_MS, intervals: [20] }).toBe(true);
    }

    /** The processes that a service has started. */
    children(service: string): number[] {
        return childrenOf(this.servicePid(service));
    }

    /** The processes that answer requests of a role; not one that only just starts. */
    workers(role: Role): number[] {
        return childrenOf(this.servicePid(role)).filter((pid) => programOf(pid).endsWith(`${role}.fcgi`));
    }

    /** PostgreSQL: the postmaster first, then everything it started. */
    postgres(): number[] {
        const pid = this.servicePid('postgres');
        return [pid, ...childrenOf(pid)];
    }

    /** All that was started with this stack's folder, works in it, or names it. */
    processes(): string[] {
        const folder = this.file('').replace(/\/$/, '');
        return pids().filter((pid) => pid !== process.pid
            && (read(`/proc/${pid}/environ`).split('\0').includes(`STACK_VAR=${folder}`)
                || `${link(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)
                || read(`/proc/${pid}/cmdline`).includes(folder)))
            .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
    }
}

// ---- processes

function read(file: string): string {
    try {
        return fs.readFileSync(file, 'utf8');
    } catch {
        return ''; /* it has ended, or is not ours */
    }
}

function link(file: string): string {
    try {
        return fs.readlinkSync(file);
    } catch {
        return '';
    }
}

const pids = (): number[] => fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
const programOf = (pid: number) => link(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
const childrenOf = (parent: number) => pids()
    .filter((pid) => new RegExp(`^PPid:\\s${parent}$`, 'm').test(read(`/proc/${pid}/status`)));

export const isAlive = (pid: number) => fs.existsSync(`/proc/${pid}`)
    && !/^State:\sZ/m.test(read(`/proc/${pid}/status`));
