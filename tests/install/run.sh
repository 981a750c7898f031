#!/usr/bin/env bash
# Installs a build, moves the tree, and uses it as a stranger would: the program runs, a consumer that knows nothing but
# find_package(skysense) builds against it and encodes with a model that the program wrote. Nothing may lead back to the
# source, the build or the Python environment.
#   run.sh BUILD SOURCE VENV
set -euo pipefail
build=$1 source=$2 venv=$(readlink -f "$3")

die() {
  echo "error: $*" >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
cp -r "$source/examples/consumer" "$work/consumer"
tree=$work/moved

# Whatever the loader resolves must come from the tree or the system.
stay_inside() {
  local libraries
  libraries=$(env -i PATH=/usr/bin:/bin ldd "$1")
  grep -q 'not found' <<<"$libraries" && die "$1 lacks: $(grep 'not found' <<<"$libraries")"
  for outside in "$build" "$source" "$venv"; do
    grep -qF "$outside/" <<<"$libraries" && die "$1 loads from $outside"
  done
  return 0
}
stay_inside "$tree/bin/skysense"
stay_inside "$tree/lib/libskysense.so"
for outside in "$build" "$source" "$venv"; do
  ! grep -rqF "$outside" "$tree/lib/cmake" "$tree/include" || die "the CMake package names $outside"
done
# The library shows its facade and nothing of what is inside.
foreign=$(nm -DC --defined-only "$tree/lib/libskysense.so" | cut -d' ' -f3- | grep -vE '^(skysense::Encoder|(vtable|typeinfo|typeinfo name) for skysense::Error)' || true)
[[ -z $foreign ]] || die "libskysense.so also exports: $foreign"

cd "$work"
run() { env -i HOME="$work" PATH=/usr/bin:/bin OMP_NUM_THREADS=1 "$@"; }
run "$tree/bin/skysense" -q pretrain --preset nano --data synth:2 -o run --set train.steps=0 --set train.batch_size=2 >/dev/null
run cmake -S consumer -B consumer-build -DCMAKE_PREFIX_PATH="$tree" -DCMAKE_BUILD_TYPE=Release >/dev/null
run cmake --build consumer-build >/dev/null
stay_inside consumer-build/consumer
run consumer-build/consumer run/model >vector
[[ $(wc -l <vector) == 256 ]] || die "expected the 256 numbers of nano's feature vector, got $(wc -l <vector)"
[[ $(sort -u vector | wc -l) -gt 100 ]] || die "the feature vector is constant"
! grep -qiE 'nan|inf' vector || die "the feature vector is not finite"
# A model that is not there is one line and an exit code.
! run consumer-build/consumer absent 2>message || die "a missing model is not refused"
grep -q '^error: .*absent' message || die "a missing model is refused with: $(<message)"
echo "the installed tree works ($(du -sh "$tree" | cut -f1))"
