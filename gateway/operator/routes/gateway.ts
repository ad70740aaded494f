import type { DamagedDay } from '../../domain/storedFiles.js';
import { problemBody } from '../http/problems.js';
import { Answer, byOf, type Route } from '../http/route.js';
import { metricsText } from './metrics.js';

/** More are counted and not named. */
const warningsMax = 10;

function warningsOf(damaged: readonly DamagedDay[]): string[] {
  const named = damaged.slice(0, warningsMax).map(({ file, fault }) => `${file} cannot be used: ${fault}`);
  const more = damaged.length - named.length;
  return more === 0 ? named : [...named, `${more} more`];
}

export const gatewayRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/gateway',
    summary: 'Shows the state of the gateway',
    role: 'viewer',
    status: 200,
    answer: 'gateway',
    handle(_request, { gatewayId, version, transport, startedAt, status, counters, mqtt }) {
      const bridge = mqtt();
      const state = bridge === null ? 'off' : bridge.status?.connected === true ? 'connected' : 'disconnected';
      return {
        gatewayId,
        version,
        transport,
        startedAt,
        ...status(),
        readingsStored: counters.readingsStored,
        mqtt: state,
      };
    },
  },
  {
    method: 'get',
    path: '/v1/gateway/settings',
    summary: 'Lists every setting with its current value and source, without secrets',
    role: 'operator',
    status: 200,
    answer: 'setting_page',
    handle: (_request, { settings }) => ({ items: settings(), next: null }),
  },
  {
    method: 'post',
    path: '/v1/gateway/reload',
    summary:
      'Reloads models, limits, log level and certificates without closing links; names the settings that need a restart',
    role: 'admin',
    status: 200,
    answer: 'reloaded',
    async handle(request, { reload, audit, gatewayId }) {
      const reloaded = await reload();
      await audit(byOf(request), 'gateway_reloaded', gatewayId, reloaded.applied.join(' ') || null);
      return reloaded;
    },
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Returns the metrics in the Prometheus text format (docs/metrics.md)',
    role: 'viewer',
    status: 200,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    handle: async (_request, context) =>
      new Answer(200, await metricsText(context), 'text/plain; version=0.0.4; charset=utf-8'),
  },
  {
    method: 'get',
    path: '/livez',
    summary: 'Answers if the process is alive',
    role: null,
    status: 200,
    answer: 'health',
    handle: () => ({ status: 'ok' }),
  },
  {
    method: 'get',
    path: '/readyz',
    summary: 'Answers 200 if devices may connect, else 503 with the reason',
    role: null,
    status: 200,
    answer: 'health',
    handle(_request, { status }) {
      const { state, damagedDays } = status();
      if (state === 'ready')
        return damagedDays.length === 0 ? { status: 'ready' } : { status: 'ready', warnings: warningsOf(damagedDays) };
      return new Answer(
        503,
        problemBody('not_ready', `The gateway is not ready: ${state}`),
        'application/problem+json',
      );
    },
  },
];
