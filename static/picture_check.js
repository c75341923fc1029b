// Numbers of a picture that say whether it can be held against another: how light it is, how sharp.
// The same statistics as treatments/imaging/look.py, but both pictures are measured here, in one
// way, because browsers and the server shrink differently.
(() => {
  "use strict";

  const SIDE = 640; // both are measured at this long side, so that their sizes do not count

  /** Return the part of a picture of this ratio (width / height) around its middle, in pixels. */
  const middle = (width, height, ratio) => {
    const wide = width / height > ratio;
    const cut = { width: wide ? Math.round(height * ratio) : width, height: wide ? height : Math.round(width / ratio) };
    return { ...cut, x: Math.round((width - cut.width) / 2), y: Math.round((height - cut.height) / 2) };
  };

  const lumaOf = (source, part, side) => {
    const shrink = Math.min(1, side / Math.max(part.width, part.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(3, Math.round(part.width * shrink));
    canvas.height = Math.max(3, Math.round(part.height * shrink));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const luma = new Float32Array(canvas.width * canvas.height);
    for (let i = 0; i < luma.length; i += 1)
      luma[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    return { luma, width: canvas.width, height: canvas.height };
  };

  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

  const sharpnessOf = ({ luma, width, height }) => {
    const edges = [];
    for (let y = 1; y < height - 1; y += 1)
      for (let x = 1; x < width - 1; x += 1) {
        const i = y * width + x;
        edges.push(luma[i - 1] + luma[i + 1] + luma[i - width] + luma[i + width] - 4 * luma[i]);
      }
    const middling = mean(edges);
    return edges.reduce((sum, each) => sum + (each - middling) ** 2, 0) / edges.length;
  };

  /** Mean luma, 0 to 255, of a part of a picture, a canvas or a video. */
  const light = (source, part) => mean(lumaOf(source, part, 64).luma);

  /** Mean luma and variance of the Laplacian. */
  const look = (source, part) => {
    const picture = lumaOf(source, part, SIDE);
    return { light: mean(picture.luma), sharpness: sharpnessOf(picture) };
  };

  /** Say how the light differs: "darker", "brighter" or "light" when it is within `apart` of 255. */
  const lightAgainst = (now, then, apart) => {
    if (now < then - apart) return "darker";
    return now > then + apart ? "brighter" : "light";
  };

  /** Say of a picture what it is beside the first one (null without one): codes, the worst first. */
  const against = (now, then, size, limits) => {
    const codes = [Math.max(size.width, size.height) < limits.leastSide ? "small" : "large"];
    if (then) {
      codes.push(lightAgainst(now.light, then.light, limits.lightApart));
      codes.push(now.sharpness < limits.blurred * then.sharpness ? "blurred" : "sharp");
    }
    const isFine = (code) => ["large", "light", "sharp"].includes(code);
    return codes.sort((a, b) => isFine(a) - isFine(b));
  };

  window.pictureCheck = { against, light, lightAgainst, look, middle };
})();
