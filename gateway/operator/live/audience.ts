import { type LiveClient, type LiveKind, signatureOf } from './liveClient.js';

/**
 * Clients that hear the same, because they have asked for the same. What they hear is found out once for all of them, and is made
 * into one text.
 */
export interface Audience extends Pick<LiveClient, 'kinds' | 'subscriptions'> {
  readonly clients: Set<LiveClient>;
  /** Ids of series whose newest reading has changed and is not sent yet. */
  readonly changed: Set<number>;
}

/** All clients, by what they have asked for. */
export interface Audiences {
  /** Those of which some subscription is for this kind. */
  of(kind: LiveKind): Audience[];
  /** The client has asked for something else than before. */
  settle(client: LiveClient): void;
  leave(client: LiveClient): void;
}

export function createAudiences(): Audiences {
  const bySignature = new Map<string, Audience>();
  const signatures = new Map<LiveClient, string>();

  function leave(client: LiveClient): void {
    const signature = signatures.get(client) ?? '';
    const audience = bySignature.get(signature);
    signatures.delete(client);
    audience?.clients.delete(client);
    if (audience?.clients.size === 0) bySignature.delete(signature);
  }

  return {
    of: (kind) => [...bySignature.values()].filter(({ kinds }) => kinds.has(kind)),

    settle(client) {
      leave(client);
      if (client.subscriptions.size === 0) return;
      const signature = signatureOf(client);
      let audience = bySignature.get(signature);
      if (audience === undefined) {
        // The subscriptions are copied, because those of the client change.
        const subscriptions = new Map(client.subscriptions);
        audience = { kinds: client.kinds, subscriptions, clients: new Set(), changed: new Set() };
        bySignature.set(signature, audience);
      }
      audience.clients.add(client);
      signatures.set(client, signature);
    },

    leave,
  };
}
