/** What a program reads. */
export interface Query {
  series: readonly { device: string; metric: string }[];
  /** Unix ms, inclusive. */
  from: number;
  /** Unix ms, exclusive. */
  to: number;
  /** The width of the buckets, as the parameter `every` and in ms; null: single readings. */
  bucket: { every: string; ms: number } | null;
  /** The operator API, without a slash at its end. */
  url: string;
  /** The gateway's data folder on its own machine. */
  dataFolder: string;
}

/** Programs that read what a chart shows. The operator key comes from the environment, so that it is in no history. */
export const snippets = {
  curl: { name: 'curl', text: curlText },
  query: { name: 'tidegate query', text: queryText },
  sql: { name: 'SQL (on the gateway’s machine)', text: sqlText },
  python: { name: 'Python', text: pythonText },
  pandas: { name: 'pandas', text: pandasText },
} as const satisfies Record<string, { name: string; text: (query: Query) => string }>;
export type SnippetName = keyof typeof snippets;

/** The devices with their metrics, as one request reads them. */
function byDevice(series: Query['series']): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { device, metric } of series) found.set(device, [...(found.get(device) ?? []), metric]);
  return [...found];
}

const iso = (ts: number): string => new Date(ts).toISOString();
/** A word of a POSIX shell. */
const word = (text: string): string => (/^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
/** A text in SQL. */
const sqlWord = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function addressOf({ from, to, bucket, url }: Query, device: string, metrics: string[]): string {
  const parameters = new URLSearchParams(metrics.map((metric): [string, string] => ['metric', metric]));
  parameters.set('from', iso(from));
  parameters.set('to', iso(to));
  if (bucket !== null) parameters.set('every', bucket.every);
  return `${url}/v1/devices/${encodeURIComponent(device)}/readings?${parameters}`;
}

function curlText(query: Query): string {
  return byDevice(query.series)
    .map(
      ([device, metrics]) =>
        `curl --fail --header "Authorization: Bearer $TIDEGATE_KEY" --header 'Accept: text/csv' \\\n  ${word(addressOf(query, device, metrics))}`,
    )
    .join('\n');
}

function queryText({ series, from, to, bucket, url }: Query): string {
  const range = `--from ${iso(from)} --to ${iso(to)}${bucket === null ? '' : ` --every ${bucket.every}`}`;
  return byDevice(series)
    .map(([device, metrics]) => {
      const chosen = metrics.map((metric) => ` --metric ${word(metric)}`).join('');
      return `npx tidegate query ${word(device)}${chosen} \\\n  ${range} --format csv --url ${word(url)}`;
    })
    .join('\n');
}

/** Means are of numbers only: SQLite would count a text as 0. Booleans are 0 and 1. */
function sqlText({ series, from, to, bucket, url, dataFolder }: Query): string {
  const where = byDevice(series)
    .map(([device, metrics]) => `(device = ${sqlWord(device)} AND metric IN (${metrics.map(sqlWord).join(', ')}))`)
    .join(' OR ');
  const numbers = "CASE typeof(value) WHEN 'text' THEN NULL ELSE value END";
  const statement =
    bucket === null
      ? `SELECT device, metric, ts, value FROM readings WHERE ${where} ORDER BY 1, 2, 3`
      : `SELECT device, metric, ts / ${bucket.ms} * ${bucket.ms} AS start, avg(${numbers}) AS avg, min(value) AS min, max(value) AS max, count(*) AS count FROM readings WHERE ${where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  const options = `--from ${iso(from)} --to ${iso(to)} --format csv`;
  return `npx tidegate sql ${word(statement)} \\\n  ${options} --data ${word(dataFolder)} --url ${word(url)}`;
}

const urlList = (query: Query): string =>
  byDevice(query.series)
    .map(([device, metrics]) => `    ${JSON.stringify(device)}: ${JSON.stringify(addressOf(query, device, metrics))},`)
    .join('\n');

const pythonHead = (query: Query): string => `urls = {
${urlList(query)}
}

def answer(url):
    headers = {"Authorization": f"Bearer {os.environ['TIDEGATE_KEY']}", "Accept": "text/csv"}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers))
`;

function pythonText(query: Query): string {
  return `import csv, io, os, urllib.request

${pythonHead(query)}
for device, url in urls.items():
    for row in csv.DictReader(io.TextIOWrapper(answer(url), "utf-8")):
        print(device, row)
`;
}

function pandasText(query: Query): string {
  return `import os, urllib.request
import pandas as pd

${pythonHead(query)}
frame = pd.concat(pd.read_csv(answer(url)).assign(device=device) for device, url in urls.items())
frame["ts"] = pd.to_datetime(frame["ts"], unit="ms", utc=True)
print(frame)
`;
}
