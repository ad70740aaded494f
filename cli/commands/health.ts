import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Command } from 'commander';
import type { ResolvedConfig } from '../../gateway/config/config.js';
import { urlHost } from '../../gateway/net/address.js';
import { Failure } from '../api/failure.js';
import { type ConfigOptions, withConfigOptions } from '../serving/configOptions.js';
import { parseSpan } from '../terminal/times.js';

const timeoutMsMax = 3_600_000;

/** `tidegate health` */
export function addHealth(program: Command): void {
  withConfigOptions(
    program
      .command('health')
      .description(
        'ask the gateway of this machine whether it is alive, with the same configuration as serve; for containers',
      ),
  )
    .option('--ready', 'ask whether it accepts devices (/readyz), and not only whether it answers (/livez)')
    .option('--timeout <time>', 'how long the answer may take, such as 2s', '2s')
    .addHelpText('after', '\nExit codes: 0 healthy, 1 not healthy, 64 wrong option, 78 configuration error.')
    .action(health);
}

async function health(options: ConfigOptions & { ready?: boolean; timeout: string }): Promise<void> {
  const timeoutMs = parseSpan('--timeout', options.timeout);
  if (timeoutMs <= 0 || timeoutMs > timeoutMsMax)
    throw new Failure(64, `--timeout ${options.timeout} is not valid. Write more than 0 and 1h at most`);
  const { configFrom } = await import('../serving/configFrom.js');
  const url = healthUrl(configFrom(options), options.ready === true);
  const answer = await get(url, timeoutMs).catch((error: Error) => error);
  if (answer instanceof Error) throw new Failure(1, `not healthy: ${url} did not answer: ${answer.message}`);
  if (answer.status !== 200)
    throw new Failure(1, `not healthy: ${url} answered ${answer.status} ${answer.body}`.trimEnd());
  console.log(`healthy: ${url} answered ${answer.status}`);
}

/** Where this machine reaches the operator port. */
function healthUrl({ operator }: ResolvedConfig, ready: boolean): URL {
  const scheme = operator.tls === undefined ? 'http' : 'https';
  return new URL(`${scheme}://${urlHost(operator.host)}:${operator.port}/${ready ? 'readyz' : 'livez'}`);
}

/**
 * The certificate is not verified: it has the name that others use, the request has no secret, and after a renewal the gateway shows the
 * old certificate until it reloads. Rejects after `timeoutMs`.
 */
function get(url: URL, timeoutMs: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) };
    const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error(`it took longer than ${timeoutMs / 1000} s`) : error),
    );
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end();
  });
}
