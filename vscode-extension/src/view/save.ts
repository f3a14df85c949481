/** The picture as a file that needs nothing else: its looks written into it. */

import type { Size } from "./camera";

const LOOKS = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "text-anchor",
];
const KEPT = new Set(["d", "points", "x", "y", "r", "rx", "width", "height", "transform"]);

/** The SVG text of what is drawn, whole and at its own size, wherever the camera is. */
export function saved(svg: SVGSVGElement, { width, height }: Size): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [there, here] = [[...svg.querySelectorAll("*")], [...copy.querySelectorAll("*")]];
  here.forEach((element, index) => {
    const original = there[index];
    if (original !== undefined) {
      settle(element, original as SVGElement);
    }
  });
  for (const { name } of [...copy.attributes]) {
    copy.removeAttribute(name);
  }
  copy.firstElementChild?.removeAttribute("transform"); // the camera
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  copy.setAttribute("width", `${w}`);
  copy.setAttribute("height", `${h}`);
  copy.setAttribute("viewBox", `0 0 ${w} ${h}`);
  const ground = document.createElementNS(svg.namespaceURI, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}

function settle(element: Element, original: SVGElement): void {
  const looks = getComputedStyle(original);
  const place = original.style.transform.match(/translate\(([-\d.e]+)px,\s*([-\d.e]+)px\)/);
  for (const { name } of [...element.attributes]) {
    if (!KEPT.has(name)) {
      element.removeAttribute(name);
    }
  }
  if (place !== null) {
    element.setAttribute("transform", `translate(${place[1]} ${place[2]})`);
  }
  if (element.tagName === "g" || element.tagName === "title") {
    return;
  }
  for (const name of LOOKS) {
    const value = looks.getPropertyValue(name);
    if (value !== "" && !(name === "stroke-dasharray" && value === "none")) {
      element.setAttribute(name, value);
    }
  }
}
