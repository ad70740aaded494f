/** What can be measured in every run. */
export const measuredAlways = [
  'ackP50Ms',
  'ackP90Ms',
  'ackP99Ms',
  'ackMaxMs',
  'lateP99Ms',
  'framesSent',
  'framesAcked',
  'framesNacked',
  'framesDropped',
  'framesUnacked',
  'framesPerSecond',
  'readingsPerSecond',
  'linksLost',
  'connected',
  'errors',
  'gatewayMemoryMiB',
] as const;

/** What can be measured only if the readings are read back at the end. */
export const measuredByVerify = [
  'lost',
  'duplicated',
  'altered',
  'invented',
  'misordered',
  'commandP50Ms',
  'commandP99Ms',
  'commandsWrong',
] as const;

/** The name of something that a threshold can be about. */
export type Measure = (typeof measuredAlways)[number] | (typeof measuredByVerify)[number];

const measures: readonly Measure[] = [...measuredAlways, ...measuredByVerify];

/** A condition on what a run measured. */
export interface Threshold {
  /** As it was written, without spaces. */
  text: string;
  name: Measure;
  /** Whether a measured value meets it. */
  holds(value: number): boolean;
}

const comparisons: Record<string, (value: number, bound: number) => boolean> = {
  '<=': (value, bound) => value <= bound,
  '>=': (value, bound) => value >= bound,
  '==': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '>': (value, bound) => value > bound,
};

/** Reads a threshold such as `ackP99Ms<50`. Throws Error with a text that says how to write one. */
export function parseThreshold(text: string): Threshold {
  const [, word, comparison, bound] = /^\s*(\w+)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (word === undefined) throw new Error(`${text}: write a measure, a comparison and a number, such as 'ackP99Ms<50'`);
  const name = measures.find((measure) => measure === word);
  if (name === undefined) throw new Error(`${text}: there is no measure ${word}; use ${measures.join(', ')}`);
  return { text: text.replaceAll(/\s/g, ''), name, holds: (value) => comparisons[comparison](value, Number(bound)) };
}

/** Whether the threshold can only be checked with --verify. */
export function needsVerify({ name }: Threshold): boolean {
  return measuredByVerify.some((measure) => measure === name);
}
