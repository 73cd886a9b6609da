/* Imported events: the server and the command line recommend the same. */
import { importable } from '../support/data.ts';
import { bearer } from '../support/load.ts';
import { expect, testWithOwnStack } from '../support/test.ts';

const test = testWithOwnStack('import', (root) => ({ DATA: importable(root) }));

const READERS = 20;

/** What must be equal; ids of the request, times and tokens cannot be. */
const essence = (answer: Kith.Answer) => ({
    source: answer.source,
    fallback_reason: answer.fallback_reason,
    model: answer.model?.version,
    posts: answer.posts.map(({ id, position, source, reasons, ...post }) =>
        ({ id, position, source, score: (post as { score?: number }).score, reasons })),
});

test('the feed over HTTP equals kith recommend, post for post', async ({ stack }) => {
    const readers = await stack.rows(`
        SELECT user_id AS id FROM user_interactions GROUP BY user_id
        HAVING count(DISTINCT post_id) >= 5 ORDER BY md5(user_id::text) LIMIT ${READERS}`);
    expect(readers).toHaveLength(READERS);
    let personal = 0;
    for (const { id } of readers) {
        const token = await stack.token(id);
        const response = await fetch(`${stack.url}/api/feeds?limit=20`, { headers: bearer(token) });
        expect(response.status).toBe(200);
        const served = await response.json();
        const said = JSON.parse(await stack.kith('recommend', '--user', id, '--limit', '20', '--json'));
        expect(essence(served)).toEqual(essence(said));
        personal += served.source === 'ml_recommendations' ? 1 : 0;
    }
    expect(personal).toBe(READERS);
});

test('importing the same file again adds nothing', async ({ stack }) => {
    const counts = () => stack.row(`
        SELECT (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM users) AS users,
               (SELECT count(*) FROM user_interactions) AS events`);
    const before = await counts();
    expect(before.events).toBeGreaterThan(1000);
    await stack.kith('import', stack.env.DATA!);
    expect(await counts()).toEqual(before);
});
