// A plot as files: the picture as PNG, the numbers as CSV.

import { saveBlob } from "../lib/api.js";
import { colorOf, dashOf, sampleWidthOf } from "./chart-drawing.js";
import { addMark } from "./chart-marks.js";

const TITLE_HEIGHT = 34;
const LEGEND_LINE = 20;
const SAMPLE_WIDTH = 26;
const MARGIN = 12;

/** Saves the plot as a PNG, with its title and its legend, on the colour of the page. */
export function savePicture(u, lines, name, title) {
  if (!u) return;
  const scale = devicePixelRatio || 1;
  const plot = u.ctx.canvas;
  const width = plot.width / scale;
  const height = plot.height / scale;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const color = (property) => style.getPropertyValue(property).trim();
  const font = (size) => `${size} ${color("--font")}`;
  context.font = font("13px");
  const legend = placed(lines, width, (text) => context.measureText(text).width);
  canvas.width = plot.width;
  canvas.height = (TITLE_HEIGHT + height + (legend.at(-1).row + 1) * LEGEND_LINE + MARGIN / 2) * scale;
  context.scale(scale, scale);
  context.fillStyle = color("--surface");
  context.fillRect(0, 0, width, canvas.height);
  context.fillStyle = color("--text");
  context.font = font("600 15px");
  context.fillText(title, MARGIN, 23);
  context.drawImage(plot, 0, TITLE_HEIGHT, width, height);
  context.font = font("13px");
  legend.forEach(({ line, n, left, row }) => {
    const y = TITLE_HEIGHT + height + row * LEGEND_LINE + LEGEND_LINE / 2;
    drawSample(context, { left, y, color: color(colorOf(line, n)), dash: dashOf(line, n), line });
    context.fillStyle = color("--text");
    context.fillText(line.label, left + SAMPLE_WIDTH + 6, y + 4);
  });
  canvas.toBlob((blob) => saveBlob(blob, `${name}.png`));
}

/** Where each entry of the legend stands: from left to right, in as many rows as it takes. */
function placed(lines, width, widthOf) {
  let left = MARGIN;
  let row = 0;
  return lines.map((line, n) => {
    const needed = SAMPLE_WIDTH + 6 + widthOf(line.label);
    if (left > MARGIN && left + needed > width - MARGIN) {
      left = MARGIN;
      row += 1;
    }
    const place = { line, n, left, row };
    left += needed + 18;
    return place;
  });
}

function drawSample(context, { left, y, color, dash, line }) {
  const middle = left + SAMPLE_WIDTH / 2;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = sampleWidthOf(line);
  context.setLineDash(dash);
  context.beginPath();
  if (line.kind === "points") {
    addMark(context, line.mark, middle, y, 4);
    context.fill();
  } else {
    context.moveTo(left, y);
    context.lineTo(left + SAMPLE_WIDTH, y);
    context.stroke();
  }
}

/** Saves the numbers behind a plot, the abscissa first. */
export function saveTable(data, lines, xAxis, name) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const header = [xAxis.label, ...lines.map((line) => line.label)].map(quote).join(",");
  const rows = data[0].map((_, row) => data.map((column) => column[row] ?? "").join(","));
  saveBlob(new Blob([[header, ...rows].join("\n"), "\n"], { type: "text/csv" }), `${name}.csv`);
}
