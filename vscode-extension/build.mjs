// Bundles the extension into out/extension.js, or with --tests each test into out/test/.
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const production = process.argv.includes("--production");
const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
};

if (tests) {
  rmSync("out/test", { recursive: true, force: true });
  const files = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({ ...common, entryPoints: files.map((name) => `test/${name}`), outdir: "out/test" });
} else {
  if (production) {
    rmSync("out", { recursive: true, force: true });
    copyFileSync("../LICENSE", "LICENSE");
  }
  await build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "out/extension.js",
    external: ["vscode"],
    minify: production,
    sourcemap: production ? false : "linked",
  });
  await build({
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: "iife",
    logLevel: "warning",
    entryPoints: ["src/view/main.ts", "src/view/style.css"],
    outdir: "out/view",
    minify: production,
    sourcemap: production ? false : "inline",
  });
}
