#!/usr/bin/env bash
# Library:  hyparquet-writer 0.17.0, read back with hyparquet 1.31.5 (npm), Node 20.20.
# Input:    a DOUBLE column with 0 and -0, which a sensor sends that crosses zero from below. Both are numbers of IEEE 754, and Parquet keeps both.
# Guess:    each number comes back as it was written.
# Seen:     with the encoding that the library chooses for repeated values (a dictionary), -0 comes back as 0: the dictionary takes the two
#           for the same key. With the encoding PLAIN both come back.
# What we do: a row group of an export that has a -0 is written with PLAIN.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund hyparquet-writer@0.17.0 hyparquet@1.31.5
cat >try.mjs <<'JS'
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';

const data = Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? 0 : -0));
for (const encoding of [undefined, 'PLAIN']) {
  const file = parquetWriteBuffer({ columnData: [{ name: 'value', data, type: 'DOUBLE', encoding }] });
  const rows = await parquetReadObjects({ file });
  const changed = rows.filter(({ value }, i) => !Object.is(value, data[i])).length;
  console.log(`${encoding ?? 'encoding of its choice'}: ${changed} of ${data.length} numbers changed`);
}
JS
node try.mjs | tee seen
diff seen - <<'SEEN'
encoding of its choice: 500 of 1000 numbers changed
PLAIN: 0 of 1000 numbers changed
SEEN
