/* certificate.ts -- a certificate that nobody has signed, for 127.0.0.1 and two days. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Settings } from './stack.ts';

/** Puts cert.pem and key.pem into `folder`, over older ones; for the env of a stack. */
export function makeCertificate(folder: string): Settings {
    fs.mkdirSync(folder, { recursive: true });
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
        '-days', '2', '-subj', '/CN=kith test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key!, '-out', cert!],
    { stdio: 'pipe' });
    return { TLS_CERT: cert!, TLS_KEY: key! };
}
