// What stands still in a lane: boxes, lines and labels; and what is broken, each fault in a shape of its own.

function svg(name, attributes, parent) {
  // The namespace of a drawing that the page has already: nothing has to name it here.
  const element = document.createElementNS(document.querySelector("svg").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

/** The boxes of a lane, which do not move. */
function drawField(root, layout, trace) {
  const { front, between, top, height, middle, slotX, architecture } = layout;
  const field = svg("g", { class: "field-lines" }, root);
  const label = (x, text, anchor = "middle") => {
    svg("text", { x, y: 11, "text-anchor": anchor, class: "place" }, field).textContent = text;
  };
  label(front.left - 4, layout.narrow ? "" : "callers wait", "end");
  label(front.left + front.width / 2, layout.narrow ? "front" : "front end");
  label((between.left + between.right) / 2, { sync: "calls", queue: "queue", log: "log" }[architecture]);
  label(slotX, layout.narrow ? "work" : "workers");
  svg("rect", { x: front.left, y: top, width: front.width, height, rx: 4, class: "front" }, field);
  if (!layout.ownLines) {
    const half = pipeHeight(layout) / 2;
    svg("path", {
      class: "pipe",
      d: `M${between.right} ${middle - half}H${between.left}V${middle + half}H${between.right}`,
    }, field);
  } else {
    for (let worker = 1; worker <= trace.workers; worker++) {
      const y = layout.workerY(worker) + (architecture === "sync" ? 0 : layout.row + 1);
      const [left, right] = architecture === "sync" ? [front.left + front.width, slotX] : [between.left, between.right];
      svg("path", { class: architecture === "sync" ? "wire" : "track", d: `M${left} ${y}H${right}` }, field);
    }
  }
  for (let worker = 1; worker <= trace.workers; worker++) {
    svg("circle", { cx: slotX, cy: layout.workerY(worker), r: layout.row + (layout.pitch > 8 ? 1.5 : 0.4), class: "slot" }, field);
  }
}

/** The workers that a fault hits. */
function workersOf(fault, trace) {
  if (fault.target === "workers") return Array.from({ length: trace.workers }, (_, index) => index + 1);
  const number = Number(fault.target.replace("worker-", ""));
  return number >= 1 && number <= trace.workers ? [number] : [];
}

/** What a fault looks like: a shape of its own for each kind. */
function faultMark(parent, kind, x, y, size) {
  const s = size;
  const paths = {
    crash: `M${x - s} ${y - s}L${x + s} ${y + s}M${x + s} ${y - s}L${x - s} ${y + s}`,
    silence: `M${x - 2 * s} ${y - s}l${s * 0.8} ${2 * s}M${x - 1.2 * s} ${y - s}l${s * 0.8} ${2 * s}`,
    pause: `M${x - s * 0.5} ${y - s}v${2 * s}M${x + s * 0.5} ${y - s}v${2 * s}`,
    deploy: `M${x - s} ${y - s * 0.2}L${x} ${y + s * 0.8}L${x + s} ${y - s * 0.2}M${x} ${y + s * 0.8}V${y - s}`,
    slow: `M${x - s * 0.8} ${y - s}h${s * 1.6}L${x - s * 0.8} ${y + s}h${s * 1.6}Z`,
  };
  svg("path", { d: paths[kind] ?? paths.crash, class: `fault ${kind}` }, parent);
}
