/**
 * Situations of the handshake. situations/ holds one file per part of the protocol; a situation plays one scene and checks rules
 * in it. What situations are made with is in stage/ and players/.
 */
import { subprotocols } from '../../../schemas/tables/subprotocols.js';
import { chosenOf, offeredOf } from '../players/peer.js';
import { type PeerSituation, probe } from '../stage/stage.js';

const credentialPrefix = 'tidegate.auth.';

/** The credentials in a request, as id and secret; the id is null if the request has none. */
function credentialsOf(
  authorization: string,
  offered: readonly string[],
): { id: string | null; secret: string } | null {
  const [scheme, value = ''] = authorization.split(' ');
  if (scheme.toLowerCase() === 'bearer') return { id: null, secret: value };
  const entry = offered.find((one) => one.startsWith(credentialPrefix))?.slice(credentialPrefix.length);
  const coded = scheme.toLowerCase() === 'basic' ? value : entry;
  if (coded === undefined) return null;
  const [id, secret = ''] = Buffer.from(coded, 'base64').toString().split(':');
  return { id, secret };
}

export const handshakeSituations: PeerSituation[] = [
  {
    name: 'the upgrade request',
    rules: ['H-1', 'H-2', 'H-3', 'H-4', 'H-11'],
    async run({ start, peer, check }) {
      start();
      const { request } = await peer.attempt('H-1');
      const { url = '', headers } = request;
      const fits = /^\/v1\/device(\/probe)?\?stream=main$/.test(url) && headers['sec-websocket-version'] === '13';
      check('H-1', fits, `it requested ${url} with WebSocket version ${headers['sec-websocket-version']}`);
      const offered = offeredOf(request);
      const given = credentialsOf(headers.authorization ?? '', offered);
      const known = given !== null && given.secret === probe.secret && (given.id === null || given.id === probe.id);
      check('H-2', known, 'neither Authorization nor a subprotocol entry contains its id and secret');
      check('H-3', !url.includes('tgd_'), 'the secret is in the URL');
      const names = offered.filter((entry) => !entry.startsWith(credentialPrefix));
      check(
        'H-4',
        names.length === 0 || chosenOf(names) !== undefined,
        `it offers ${names}; the gateway knows ${Object.keys(subprotocols)}`,
      );
      check('H-11', names.length > 0 || offered.length === 0, 'it offers a credential entry, but no subprotocol');
    },
  },
  {
    name: 'the welcome is read',
    rules: ['H-8'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('H-8');
      link.welcome(4_294_967_000);
      const { lastSeq } = await client.event('H-8', 'welcome');
      check('H-8', lastSeq === 4_294_967_000, `it reported lastSeq ${lastSeq}; the welcome has 4294967000`);
    },
  },
  {
    name: 'a time request, if the client sends one',
    rules: ['H-10'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('H-10');
      link.welcome(0);
      client.send([{ values: { temperature: 1.5, humidity: 1_001 } }]);
      await link.frame('H-10');
      if (!link.heard.some(({ type }) => type === 'time')) return;
      await client.event('H-10', 'time');
      check('H-10', true, '');
    },
  },
];
