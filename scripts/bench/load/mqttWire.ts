import { connectPacket, packetAt, packetTypes, publishPacket } from './mqttPackets.js';
import { type GeneratorData, payloadTemplate, stamp, type Wire } from './wire.js';

/** MQTT 3.1.1: one PUBLISH of QoS 1 per frame; the PUBACK is its ack. */
export function mqttWire(data: GeneratorData, index: number): Wire {
  const payload = payloadTemplate(data.readings);
  const { packet, idAt } = publishPacket(`d/bench-${index}/telemetry`, payload);
  return {
    greeting: connectPacket(`bench-${index}`, true),
    opening: null,
    encode(seq, base) {
      const bytes = Buffer.from(packet);
      bytes.writeUInt16BE(1 + (seq % 65_535), idAt);
      stamp(bytes, idAt + 2, seq, base);
      return bytes;
    },
    read(bytes, answers) {
      let at = 0;
      for (let next = packetAt(bytes, at); next !== null; next = packetAt(bytes, at)) {
        if (next.type === packetTypes.connack) {
          if (bytes[next.from + 1] !== 0)
            throw new Error(`the broker refused the connection: CONNACK ${bytes[next.from + 1]}`);
          answers.opened();
        } else if (next.type === packetTypes.puback) answers.ackedOne();
        at = next.to;
      }
      return at;
    },
  };
}
