/** What part of the picture is seen, and how large. Pure. On the screen a point is `at * scale + (x, y)`. */

import type { Point } from "./layout";

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const SMALLEST = 0.05;
const LARGEST = 4;
const READABLE = 0.35;

/** The camera after zooming, the point of the screen staying where it is. */
export function zoomed(camera: Camera, point: Point, factor: number): Camera {
  const scale = Math.min(LARGEST, Math.max(SMALLEST, camera.scale * factor));
  const grown = scale / camera.scale;
  return {
    x: point.x - (point.x - camera.x) * grown,
    y: point.y - (point.y - camera.y) * grown,
    scale,
  };
}

/** The camera that sees all of the picture, in the middle and no larger than life. */
export function fitted(picture: Size, screen: Size): Camera {
  const room = Math.min(screen.width / picture.width, screen.height / picture.height) || 1;
  const scale = Math.min(1, Math.max(SMALLEST, Number.isFinite(room) ? room : 1));
  return {
    x: (screen.width - picture.width * scale) / 2,
    y: Math.max(0, (screen.height - picture.height * scale) / 2),
    scale,
  };
}

/** The camera to begin with: all of the picture, or where that could not be read, a part of it. */
export function opening(picture: Size, screen: Size, middle: Point | undefined): Camera {
  const whole = fitted(picture, screen);
  if (whole.scale >= READABLE || middle === undefined) {
    return whole;
  }
  const { width, height } = screen;
  return { x: width / 2 - middle.x, y: height / 2 - middle.y, scale: 1 };
}

/** The camera under which `after` is seen where `before` was. */
export function kept(camera: Camera, before: Point, after: Point): Camera {
  return {
    x: camera.x + (before.x - after.x) * camera.scale,
    y: camera.y + (before.y - after.y) * camera.scale,
    scale: camera.scale,
  };
}

/** The camera moved just so far that a box is seen whole, if it was not. */
export function showing(camera: Camera, middle: Point, box: Size, screen: Size): Camera {
  const along = (at: number, length: number, offset: number, room: number) => {
    const margin = 24;
    const [low, high] = [
      (at - length / 2) * camera.scale + offset,
      (at + length / 2) * camera.scale + offset,
    ];
    if (low >= margin && high <= room - margin) {
      return offset;
    }
    if (high - low > room - 2 * margin) {
      return offset + room / 2 - (low + high) / 2;
    }
    return offset + (low < margin ? margin - low : room - margin - high);
  };
  return {
    x: along(middle.x, box.width, camera.x, screen.width),
    y: along(middle.y, box.height, camera.y, screen.height),
    scale: camera.scale,
  };
}
