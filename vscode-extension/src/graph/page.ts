/** The page that the view is: no script but ours, no style but ours, nothing from anywhere. */

/** What the page needs to know of the webview that shows it. */
export interface Sources {
  readonly nonce: string;
  /** Where a webview may load from. */
  readonly origin: string;
  readonly script: string;
  readonly style: string;
}

export function page({ nonce, origin, script, style }: Sources): string {
  const policy = `default-src 'none'; style-src ${origin}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Pipeline</title>
</head>
<body>
<div id="bar" role="toolbar" aria-label="Pipeline">
  <select id="pipeline" aria-label="Pipeline" hidden></select>
  <input id="search" type="search" placeholder="Find a step ( / )" aria-label="Find a step" spellcheck="false">
  <span id="focus" role="group" aria-label="Show">
    <button type="button" data-focus="all" aria-pressed="true" title="Show every step (a)">All</button>
    <button type="button" data-focus="up" aria-pressed="false" title="Only what the chosen step needs (u)">Upstream</button>
    <button type="button" data-focus="down" aria-pressed="false" title="Only what the chosen step feeds (d)">Downstream</button>
    <button type="button" data-focus="both" aria-pressed="false" title="What the chosen step needs and feeds (b)">Both</button>
  </span>
  <span class="group">
    <button type="button" id="out" aria-label="Zoom out" title="Zoom out (-)">−</button>
    <button type="button" id="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
    <button type="button" id="fit" title="See all of it (0)">Fit</button>
    <button type="button" id="turn" title="From top to bottom, or from left to right (t)">Turn</button>
    <button type="button" id="save" title="Save the picture as SVG (s)">SVG</button>
  </span>
</div>
<p id="note" role="status" hidden></p>
<div id="canvas"></div>
<section id="details" aria-live="polite" hidden></section>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}
