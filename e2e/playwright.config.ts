/*
 * Projects  page     tests that share one stack; any order, in parallel
 *           outage   tests that stop parts of a stack; one of their own a worker
 *           tls      the same over HTTPS, with a certificate that nobody knows
 * Browser   Debian's Chromium; nothing is downloaded.
 */
import { defineConfig, devices } from '@playwright/test';

export const launchOptions = {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};

export default defineConfig({
    testDir: '.',
    outputDir: 'results/tests',
    globalSetup: './support/setup.ts',
    workers: 2,
    fullyParallel: false,
    forbidOnly: !!process.env.CI,
    retries: 0,
    timeout: 30_000,
    expect: { timeout: 10_000 },
    reporter: [['list'], ['json', { outputFile: 'results/report.json' }]],
    use: {
        ...devices['Desktop Chrome'],
        trace: process.env.E2E_TRACE ? 'retain-on-failure' : 'off', /* makes tests twice as long */
        screenshot: 'only-on-failure',
        launchOptions,
    },
    projects: [
        { name: 'outage', testMatch: 'outage/*.spec.ts' },
        { name: 'tls', testMatch: 'tls/*.spec.ts', use: { ignoreHTTPSErrors: true } },
        { name: 'page', testMatch: 'page/*.spec.ts' },
    ],
});
