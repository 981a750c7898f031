#!/usr/bin/env bash
# Installs what skysense is built from: Debian packages that are missing, and .venv with the wheel that carries LibTorch.
#
#   scripts/setup.sh slim   what the program needs (the quick start); under 1 GB of downloads without an NVIDIA GPU
#   scripts/setup.sh full   the same, the Python references and the fuzzing compiler that ./test.sh needs
#
# Debian 12 and Ubuntu 24.04, as root or with sudo. It may be run again at any time: a complete set-up is recognised at
# once and an interrupted one is repaired. An existing .venv (a link too) is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-slim}
case "$mode" in slim | full) ;; *)
  echo "error: scripts/setup.sh: unknown mode '$mode'; it is slim or full" >&2
  exit 2
  ;;
esac

say() { echo "set-up: $*" >&2; }
die() {
  echo "error: set-up: $*" >&2
  exit 1
}

# ---- Debian packages ------------------------------------------------------------------------------------------------

packages=(build-essential cmake ninja-build ccache mold git python3-venv
  libgdal-dev gdal-bin libcli11-dev libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libpng-dev zlib1g-dev libutf8proc-dev
  libexpat1-dev libgloo-dev libgtest-dev libgmock-dev)
[[ $mode == full ]] && packages+=(clang llvm libclang-rt-dev)

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qx "$package installed" <<<"$installed" || echo "$package"
  done
}

command -v dpkg-query >/dev/null || die "this script knows Debian and Ubuntu; CONTRIBUTING.md lists what to install elsewhere"
mapfile -t missing < <(missing_packages)
if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "install these packages as root, then run again: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

# ---- .venv ----------------------------------------------------------------------------------------------------------

venv=.venv
has_gpu() { [[ -e /dev/nvidia0 ]]; }
# With a GPU the program links the wheel's CUDA libraries, which come with the wheel's dependencies.
wanted=$mode
if [[ $mode == slim ]] && has_gpu; then wanted=gpu; fi

torch_requirement=$(grep '^torch==' python/requirements-test.txt)
runtime_requirements=('nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cupti==13.0.*')
stamp_of() { { echo "$1" "$torch_requirement" "${runtime_requirements[*]}" && cat python/requirements-test.txt; } | sha256sum | cut -d' ' -f1; }
stamped() { [[ -f $venv/.skysense-$1 && $(<"$venv/.skysense-$1") == "$(stamp_of "$1")" ]]; }
# The libraries that a stamp promises; a wiped or half-copied environment lacks them.
libraries_present() {
  compgen -G "$venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null &&
    compgen -G "$venv/lib/python3*/site-packages/nvidia/*/lib/libcudart.so.13" >/dev/null &&
    compgen -G "$venv/lib/python3*/site-packages/nvidia/*/lib/libcupti.so.13" >/dev/null
}
complete() {
  "$venv/bin/python" -c '' 2>/dev/null && libraries_present || return 1
  # What serves the tests serves every smaller wish.
  stamped full || { [[ $wanted != full ]] && stamped gpu; } || { [[ $wanted == slim ]] && stamped slim; }
}

if complete; then
  say "complete ($mode)"
  exit 0
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  say "creating $venv"
  python3 -m venv --clear "$(readlink -m "$venv")" || die "python3 -m venv failed; is python3-venv installed?"
fi
# One set-up at a time, also where several checkouts share an environment.
exec {lock}>"$venv/.skysense-lock"
flock "$lock"
if complete; then
  say "complete ($mode)"
  exit 0
fi

pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
# The marker outlives an interruption: packages may then be there by name and not in whole, so they are put in again.
marker=$venv/.skysense-installing
stamped_once() { compgen -G "$venv/.skysense-[sgf]*" >/dev/null; }
if [[ -e $marker ]] || { stamped_once && ! libraries_present; }; then
  say "repairing an interrupted or damaged set-up"
  pip+=(--force-reinstall)
fi
touch "$marker"
rm -f "$venv"/.skysense-{slim,gpu,full}
say "installing Python packages ($wanted); LibTorch comes with $torch_requirement"
case "$wanted" in
  slim) "${pip[@]}" --no-deps "$torch_requirement" "${runtime_requirements[@]}" ;;
  gpu) "${pip[@]}" "$torch_requirement" ;;
  full) "${pip[@]}" -r python/requirements-test.txt ;;
esac || die "pip could not install the Python packages (see above); check the network and run again"
libraries_present || die "$venv lacks libtorch_cpu, libcudart or libcupti after the installation; remove $venv and run again"
if [[ $wanted == full ]]; then
  "$venv/bin/python" -c 'import torch, torchvision, timm, rasterio, safetensors, sklearn, shapely, pycocotools, pytest, yaml, tensorboard, transformers' ||
    die "the Python packages do not load (see above); remove $venv and run again"
fi
stamp_of "$wanted" >"$venv/.skysense-$wanted"
rm -f "$marker"
say "complete ($mode)"
