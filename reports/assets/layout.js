// Where everything is in a lane: the places of threads, of those who wait, and of where jobs end. It draws nothing.

/** Where everything is in a lane that is `width` pixels wide. */
function layoutOf(width, trace, { architecture, own_lines: ownLines }) {
  const narrow = width < 620;
  const height = Math.min(narrow ? 170 : 220, Math.max(narrow ? 96 : 112, trace.workers * (narrow ? 12 : 14)));
  const top = 20;
  const front = { left: narrow ? 40 : 118, width: narrow ? 34 : 76 };
  const workers = { width: narrow ? 26 : 64, right: narrow ? 102 : 132 };
  const slotX = width - workers.right - workers.width / 2;
  const pitch = height / trace.workers;
  return {
    width, height, top, narrow, front, slotX, pitch, architecture, ownLines,
    bottom: top + height,
    middle: top + height / 2,
    dot: narrow ? 3 : 4,
    row: Math.min(narrow ? 4 : 5, Math.max(1.7, pitch * 0.4)),
    between: { left: front.left + front.width + (narrow ? 10 : 26), right: slotX - workers.width / 2 - (narrow ? 8 : 22) },
    bins: { left: width - workers.right + (narrow ? 14 : 22) },
    workerY: (worker) => top + pitch * (worker - 0.5),
  };
}

function pipeHeight(layout) {
  return pipeRows(layout) * (2 * layout.dot + 2) + 8;
}

function pipeRows(layout) {
  return Math.max(1, Math.min(layout.narrow ? 5 : 7, Math.floor((layout.height - 12) / (2 * layout.dot + 2))));
}

/** The place of the `index`-th of those that wait at the front end, the longest-waiting nearest to it. */
function acceptPlace(layout, index) {
  const step = 2 * layout.dot + 1.5;
  const rows = Math.floor(layout.height / step);
  const x = layout.front.left - step * (Math.floor(index / rows) + 0.8);
  return x < layout.dot ? null : { x, y: layout.top + step * ((index % rows) + 0.5) };
}

/** The place of the `index`-th of those that wait in the queue, the next to go at the right. */
function queuePlace(layout, index) {
  const step = 2 * layout.dot + 2;
  const rows = pipeRows(layout);
  const x = layout.between.right - step * (Math.floor(index / rows) + 0.7);
  const row = index % rows;
  const fromMiddle = (row % 2 ? 1 : -1) * Math.ceil(row / 2);
  const y = layout.middle + step * (fromMiddle + (rows % 2 ? 0 : 0.5) * (rows > 1 ? 1 : 0));
  return x < layout.between.left + layout.dot ? null : { x, y };
}

/** The place of the `index`-th of those that wait for one worker. */
function rowPlace(layout, worker, index) {
  const room = layout.between.right - layout.between.left;
  const step = Math.min(2 * layout.row + 2, room / 8);
  const readTo = layout.architecture === "log" ? READ_SHOWN * readStep(layout) : 0;
  const x = layout.between.right - readTo - step * (index + 0.7);
  return x < layout.between.left ? null : { x, y: layout.workerY(worker) };
}

/** How many records that were read already are shown in each partition: a log keeps them. */
const READ_SHOWN = 6;

function readStep(layout) {
  return Math.min(2 * layout.row + 2, (layout.between.right - layout.between.left) / 20);
}

/** The threads of the front end, as many as there is room for, each standing for the same number. */
function threadPlaces(layout, trace) {
  const { front, top, height, narrow } = layout;
  const per = Math.ceil(trace.threads / (narrow ? 40 : 100));
  const shown = Math.ceil(trace.threads / per);
  const columns = Math.max(1, Math.min(shown, Math.ceil(Math.sqrt((shown * front.width) / height))));
  const rows = Math.ceil(shown / columns);
  const step = Math.min(front.width / columns, height / rows, 17);
  const left = front.left + (front.width - step * columns) / 2;
  const above = top + (height - step * rows) / 2;
  const place = (index) => ({
    x: left + step * ((index % columns) + 0.5),
    y: above + step * (Math.floor(index / columns) + 0.5),
    size: step * 0.62,
  });
  return { per, places: Array.from({ length: shown }, (_, index) => place(index)) };
}

function isEnd(place) {
  return place !== "accept" && place !== "between" && place !== "worker";
}

/** Where jobs, and the hopes of their callers, end. */
const BINS = [
  { name: "done", sign: "✓", label: "done" },
  { name: "twice", sign: "✓✓", label: "twice" },
  { name: "refused", sign: "✗", label: "refused" },
  { name: "failed", sign: "!", label: "failed" },
  { name: "gone", sign: "…", label: "gave up" },
  { name: "dead", sign: "▼", label: "set aside" },
  { name: "lost", sign: "∅", label: "lost" },
  { name: "quick", sign: "✓", label: "lookups" },
  { name: "unserved", sign: "✗", label: "lookups" },
];

function binPlace(layout, place) {
  const row = BINS.findIndex((bin) => bin.name === place);
  return { x: layout.bins.left + 6, y: layout.top + (layout.height / BINS.length) * (row + 0.5) };
}
