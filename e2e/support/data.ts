/*
 * data.ts -- events to import: the public Deskdrop set where it lies beside the
 * repository, else as many of the same form, made here.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { REPOSITORY } from './stack.ts';

const PERSONS = 120;
const ARTICLES = 90;
const TASTES = 3;
const EVENTS_EACH = 15;
const START_S = 1_460_000_000;
const KINDS = ['VIEW', 'VIEW', 'VIEW', 'LIKE', 'BOOKMARK', 'FOLLOW', 'COMMENT CREATED'];

/** Person p reads articles of taste p % 3, and every fifth one of any taste. */
function* made(): Generator<string> {
    yield 'timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,userCountry';
    for (let person = 0; person < PERSONS; person++)
        for (let n = 0; n < EVENTS_EACH; n++) {
            const step = (person * 31 + n * 17) % (ARTICLES / TASTES);
            const article = n % 5 ? step * TASTES + person % TASTES : (person * 7 + n * 11) % ARTICLES;
            const at = START_S + person * 1000 + n * 60;
            yield `${at},${KINDS[(person + n) % KINDS.length]},${1000 + article},${-5000 - person},${person},,,`;
        }
}

/** Puts the file into `folder`; its path is for DATA= or kith import. */
export function importable(folder: string): string {
    const name = path.join(folder, 'users_interactions.csv');
    const found = path.join(REPOSITORY, '../shared/data/deskdrop/users_interactions.csv.gz');
    if (fs.existsSync(found)) {
        fs.copyFileSync(found, `${name}.gz`);
        return `${name}.gz`;
    }
    fs.writeFileSync(name, [...made(), ''].join('\n'));
    return name;
}
