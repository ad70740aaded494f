/** What the page of a report draws: values over the seconds of a run. It is in the page as JSON, so a value that was not measured is null. */
export interface RunPlots {
  /** The seconds of the samples since the start. */
  seconds: number[];
  /** Where the stages of the run begin, in order. */
  stages: { name: string; from: number }[];
  plots: RunPlot[];
}

/** A plot with lines of one unit. */
export interface RunPlot {
  title: string;
  /** What follows a figure, such as `/s`. */
  unit: string;
  /** Each has one value per sample. */
  lines: { name: string; values: (number | null)[] }[];
}
