import { measures } from '../report/thresholds.js';

/** A condition on what a run measured. */
export interface Threshold {
  text: string;
  name: string;
  holds(value: number): boolean;
}

const comparisons: Record<string, (value: number, bound: number) => boolean> = {
  '<=': (value, bound) => value <= bound,
  '>=': (value, bound) => value >= bound,
  '==': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '>': (value, bound) => value > bound,
};

/** Throws Error with what would be right. */
export function parseThreshold(text: string): Threshold {
  const [, name, comparison, bound] = /^\s*(\w+)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (name === undefined) throw new Error(`${text}: write a measure, a comparison and a number, as 'ackP99Ms<50'`);
  if (!Object.hasOwn(measures, name))
    throw new Error(`${text}: there is no measure ${name}; use ${Object.keys(measures).join(', ')}`);
  return { text: text.replaceAll(/\s/g, ''), name, holds: (value) => comparisons[comparison](value, Number(bound)) };
}
