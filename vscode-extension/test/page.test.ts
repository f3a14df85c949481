import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "../src/graph/page";

const html = page({ nonce: "abc", origin: "https://webview", script: "s.js", style: "s.css" });

test("nothing may be loaded but the view's own script and style", () => {
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  assert.equal(policy, "default-src 'none'; style-src https://webview; script-src 'nonce-abc'");
});

test("there is no script or style in the page itself", () => {
  assert.deepEqual(html.match(/<script[^>]*>[^<]*/g), ['<script nonce="abc" src="s.js">']);
  assert.doesNotMatch(html, /\son\w+=|style=|<style|javascript:/);
});

test("every button and field has a name that can be spoken", () => {
  for (const [tag, body] of html.matchAll(/<(?:button|input|select)[^>]*>([^<]*)/g)) {
    assert.ok(/aria-label=/.test(tag) || (body ?? "").trim() !== "", tag);
  }
});
