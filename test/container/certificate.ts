import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** In PEM. It vouches for itself, so that a client trusts it as a certificate authority. */
export type Certificate = { readonly key: string; readonly certificate: string }

const run = promisify(execFile)

/** Made anew, good for a day, for `localhost`, 127.0.0.1 and the hosts given, by name or address. */
export const makeCertificate = async (...hosts: readonly string[]): Promise<Certificate> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  const [keyFile, file] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const alternatives = ['localhost', '127.0.0.1', ...hosts].map(
    (host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`,
  )
  try {
    await run('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=holdfast-test',
      ],
      ...['-addext', `subjectAltName=${alternatives.join(',')}`, '-keyout', keyFile, '-out', file],
    ])
    return { key: await readFile(keyFile, 'utf8'), certificate: await readFile(file, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
