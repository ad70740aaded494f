/**
 * One reusable piece of memory with a typed view for each width, into which a message is copied before it is decoded:
 * reading a field is then an indexed load, and nothing is allocated per message but the view of the message itself.
 */
export interface FrameBuffer {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
}

/** Makes a frame buffer for messages of at most `bytesMax` bytes, which is rounded up to a multiple of 8. */
export function createFrameBuffer(bytesMax: number): FrameBuffer {
  const memory = new ArrayBuffer((bytesMax + 7) & ~7);
  return {
    u8: new Uint8Array(memory),
    u16: new Uint16Array(memory),
    u32: new Uint32Array(memory),
    i32: new Int32Array(memory),
    f32: new Float32Array(memory),
    f64: new Float64Array(memory),
  };
}
