/* "Read as": the same page through the eyes of readers with different tastes. */
import { expect, test } from '../support/test.ts';
import { topicOf } from '../support/reader.ts';

const TOP = 10;
const OWN_LEAST = 7;

test('a gardener and an astronomer get obviously different feeds', async ({ reader }) => {
    await reader.open();
    const feeds: Record<string, string[]> = {};
    for (const [topic, taste] of Object.entries({ gardening: /garden/i, astronomy: /astronom|stars/i })) {
        await reader.readAs(taste);
        const answer = reader.answers.at(-1)!;
        const top = answer.posts.slice(0, TOP);
        expect(answer.source).toBe('ml_recommendations');
        expect(top.filter((post) => topicOf(post) === topic).length).toBeGreaterThanOrEqual(OWN_LEAST);
        feeds[topic] = top.map((post) => post.id);
    }
    expect(feeds.gardening!.filter((id) => feeds.astronomy!.includes(id))).toEqual([]);
});

test('events of the old reader are not counted for the new one', async ({ reader }) => {
    await reader.open();
    const me = await reader.user();
    await reader.like(reader.posts.first());
    await reader.readAs(/garden/i);
    expect(await reader.user()).not.toBe(me);
    const rows = await reader.stack.rows("SELECT interaction_type AS type FROM user_interactions WHERE user_id = :'user'::uuid", { user: me });
    expect(rows).toEqual([{ type: 'like' }]);
});

test('"a new reader" forgets who was read as', async ({ reader, page }) => {
    await reader.open();
    await reader.readAs(/garden/i);
    await page.getByTestId('reader-button').click();
    await page.getByTestId('reader-new').click();
    await expect(reader.origin).toContainText('Fresh picks');
});
