#!/usr/bin/env bash
# Writes a device's readings of one UTC day as CSV to its output. Needs curl and GNU date.
#
#     TIDEGATE_KEY=tgk_... examples/export-day.sh http://127.0.0.1:8081 boiler-7 2026-11-24 > boiler-7.csv
#
# It ends with another code than 0 if the gateway refuses the request or the transfer breaks off, so that half a file is noticed.
set -euo pipefail
if [ $# != 3 ]; then echo 'export-day.sh OPERATOR_URL DEVICE YYYY-MM-DD' >&2; exit 64; fi
next_day=$(date --utc --date "$3 + 1 day" +%F)
# The key goes by standard input: in the arguments every user of the machine would see it.
curl --silent --show-error --fail --get "$1/v1/devices/$2/readings" \
  --header 'Accept: text/csv' --header @- \
  --data-urlencode "from=$3T00:00:00Z" --data-urlencode "to=${next_day}T00:00:00Z" \
  <<<"Authorization: Bearer $TIDEGATE_KEY"
