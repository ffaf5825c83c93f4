// Draws one lane: from the callers through the front end, the broker or log, to the workers and to where jobs end.
// What is drawn is a function of the trace and the time alone, so that scrubbing back is as good as playing.

/** A lane on the page. `choose` is called with the job that was clicked on. */
class LaneView {
  constructor(field, trace, lane, choose) {
    Object.assign(this, { field, trace, lane, choose });
    this.root = svg("svg", { class: "lane-picture", role: "img", tabindex: "-1" }, field);
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.shown = [];
    // When each worker's records were done, for what the log keeps.
    this.read = Array.from({ length: trace.workers + 1 }, () => []);
    for (const path of lane.paths) {
      for (const attempt of path.attempts) {
        if (attempt.end === COMPLETED) this.read[attempt.worker]?.push(attempt.ended);
      }
    }
    this.read.forEach((times) => times.sort((left, right) => left - right));
    this.resize();
  }

  resize() {
    const width = Math.max(280, Math.floor(this.field.clientWidth));
    if (width === this.layout?.width) return;
    this.layout = layoutOf(width, this.trace, this.lane);
    const height = this.layout.bottom + 8;
    this.root.replaceChildren();
    for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
      this.root.setAttribute(key, value);
    }
    drawField(this.root, this.layout, this.trace);
    const { per, places } = threadPlaces(this.layout, this.trace);
    this.threadsPer = per;
    this.threads = places.map(({ x, y, size }) =>
      svg("rect", { x: x - size / 2, y: y - size / 2, width: size, height: size, rx: 1.5, class: "thread" }, this.root));
    this.wires = [...this.root.querySelectorAll(".wire")];
    this.readMarks = this.lane.architecture === "log" ? this.read.slice(1).map((_, index) => this.readMark(index + 1)) : [];
    this.bins = new Map(BINS.filter((bin) => bin.name === "done" || this.lane.counts[bin.name].length > 0)
      .map((bin) => [bin.name, this.bin(bin)]));
    this.faultKey = null;
    this.marks = svg("g", { class: "fault-marks" }, this.root);
    this.dots = svg("g", { class: "dots" }, this.root);
    this.more = svg("g", { class: "more" }, this.root);
    this.pool = [];
  }

  /** The label of a place where jobs end; gives back where its count is written. */
  bin({ name, sign, label }) {
    const { x, y } = binPlace(this.layout, name);
    const text = svg("text", { x, y: y + 4, class: `bin ${name}` }, this.root);
    svg("tspan", { class: "sign" }, text).textContent = `${sign} `;
    svg("tspan", {}, text).textContent = `${label} `;
    return { text, count: svg("tspan", { class: "number" }, text) };
  }

  readMark(worker) {
    const { between, row } = this.layout;
    const step = readStep(this.layout);
    return svg("path", {
      class: "read", "stroke-width": row * 1.1, "stroke-dasharray": `0 ${step}`,
      d: `M${between.right - step * 0.7} ${this.layout.workerY(worker)}h${-step * (READ_SHOWN - 1)}`,
    }, this.root);
  }

  /** Draws the lane at `at`. What moves has `travel` ticks for its way, if it stays that long at its end. */
  draw(at, travel, chosen) {
    const figures = figuresAt(this.lane, at);
    this.drawFront(figures);
    this.drawWorkers(at);
    this.readMarks.forEach((mark, index) => {
      const shown = Math.min(READ_SHOWN, until(this.read[index + 1], at));
      const step = readStep(this.layout);
      mark.setAttribute("visibility", shown ? "visible" : "hidden");
      mark.setAttribute("d", `M${this.layout.between.right - step * 0.7} ${this.layout.workerY(index + 1)}h${-step * (shown - 1) - 0.01}`);
    });
    for (const [name, { text, count: shown }] of this.bins) {
      shown.textContent = count(figures[name]);
      text.classList.toggle("zero", figures[name] === 0);
    }
    this.drawDots(at, travel, chosen);
    return figures;
  }

  drawFront({ threads }) {
    this.threads.forEach((thread, index) => thread.classList.toggle("held", index * this.threadsPer < threads));
    this.root.classList.toggle("blocked", threads >= this.trace.threads);
  }

  /** The state of workers and broker, by shape. */
  drawWorkers(at) {
    const active = this.trace.windows.filter((fault) => fault.from <= at && at < fault.until);
    const key = active.map((fault) => `${fault.kind} ${fault.target}`).join();
    if (key === this.faultKey) return;
    this.faultKey = key;
    this.marks.replaceChildren();
    for (const fault of active) {
      for (const worker of workersOf(fault, this.trace)) {
        faultMark(this.marks, fault.kind, this.layout.slotX, this.layout.workerY(worker), Math.max(5, this.layout.row + 2));
      }
      const { between, middle, top, height } = this.layout;
      if (fault.target === "broker" && this.lane.architecture !== "sync" && fault.kind !== "replay") {
        svg("rect", { x: between.left, y: top, width: between.right - between.left, height, class: "down" }, this.marks);
        faultMark(this.marks, fault.kind, (between.left + between.right) / 2, middle, 14);
      }
    }
  }

  drawDots(at, travel, chosen) {
    const { lane, layout } = this;
    const waiting = { accept: 0, between: 0, rows: new Map() };
    const hidden = { accept: 0, between: 0 };
    this.shown = [];
    this.open = new Set();
    const last = until(lane.counts.arrived, at);
    const returned = [];
    const fresh = [];
    const copies = lane.paths.slice(0, last).flatMap((path) => path.copies);
    for (const path of copies) {
      const stages = path.stages;
      let place = stages.length - 1;
      while (place > 0 && stages[place].at > at) place--;
      const stage = stages[place];
      // Where it ends it is shown only as long as it takes to get there.
      if (isEnd(stage.place) && at - stage.at > travel) continue;
      // Before it is handed over there is only one of it.
      if (stage.place === "accept" && path.subscriber > 0) continue;
      const one = { path, stage, before: stages[place - 1], next: stages[place + 1] };
      (stage.place === "between" && stage.returned ? returned : fresh).push(one);
    }
    for (const one of returned.concat(fresh)) {
      const target = this.target(one, waiting);
      if (target === null) {
        hidden[one.stage.place]++;
        continue;
      }
      this.place(one, target, at, travel, chosen);
    }
    // A call is open from the front end to its worker until the work is done.
    this.wires.forEach((wire, index) => wire.classList.toggle("open", this.open.has(index + 1)));
    this.finish(hidden);
  }

  /** Where a message is when it has arrived in its stage. */
  target({ path, stage, next }, waiting) {
    const { layout } = this;
    if (stage.place === "worker") this.open.add(stage.worker);
    if (stage.place === "accept") return acceptPlace(layout, waiting.accept++);
    if (stage.place === "worker") return { x: layout.slotX, y: layout.workerY(stage.worker) };
    if (isEnd(stage.place)) return binPlace(layout, stage.place);
    if (!layout.ownLines) return queuePlace(layout, waiting.between++);
    const worker = next?.worker ?? path.attempts.at(-1)?.worker ?? ((path.subscriber ?? path.number) % this.trace.workers) + 1;
    const place = waiting.rows.get(worker) ?? 0;
    this.open.add(worker);
    waiting.rows.set(worker, place + 1);
    return rowPlace(layout, worker, place);
  }

  place({ path, stage, before, next }, target, at, travel, chosen) {
    const stays = (next?.at ?? Infinity) - stage.at;
    const length = Math.min(travel, stays / 2);
    const part = length > 0 ? Math.min(1, (at - stage.at) / length) : 1;
    const eased = 1 - (1 - part) * (1 - part);
    const from = this.origin(stage, before, target);
    const x = from.x + (target.x - from.x) * eased;
    const y = from.y + (target.y - from.y) * eased;
    const dot = this.dot(this.shown.length);
    const inRow = stage.place !== "accept" && (stage.place !== "between" || this.layout.ownLines);
    dot.setAttribute("cx", x.toFixed(1));
    dot.setAttribute("cy", y.toFixed(1));
    dot.setAttribute("r", inRow ? this.layout.row : this.layout.dot);
    dot.setAttribute("opacity", isEnd(stage.place) ? (1 - part).toFixed(2) : 1);
    const classes = ["dot", stage.place];
    if (path.bystander) classes.push("bystander");
    if (stage.returned || (stage.place === "worker" && path.attempts[0].started < stage.at)) classes.push("again");
    if (path.number === chosen) classes.push("chosen");
    dot.setAttribute("class", classes.join(" "));
    dot.dataset.job = path.number;
    this.shown.push({ x, y, path });
  }

  /** Where a message comes from. */
  origin(stage, before, target) {
    const { layout } = this;
    const { front, between } = layout;
    if (stage.place === "accept") return { x: 0, y: target.y };
    if (stage.place === "worker") {
      return { x: between.right, y: layout.ownLines ? target.y : layout.middle };
    }
    if (isEnd(stage.place)) {
      if (before?.place === "accept") return { x: front.left + front.width / 2, y: layout.middle };
      return before?.place === "worker" ? { x: layout.slotX, y: layout.workerY(before.worker) } : { x: between.right, y: layout.middle };
    }
    if (before?.place === "worker") return { x: layout.slotX, y: layout.workerY(before.worker) };
    return { x: front.left + front.width / 2, y: layout.ownLines ? target.y : layout.middle };
  }

  dot(index) {
    this.pool[index] ??= svg("circle", { class: "dot" }, this.dots);
    this.pool[index].removeAttribute("visibility");
    return this.pool[index];
  }

  finish({ accept, between }) {
    for (let index = this.shown.length; index < this.pool.length; index++) {
      this.pool[index].setAttribute("visibility", "hidden");
      delete this.pool[index].dataset.job;
    }
    this.more.replaceChildren();
    const { between: room, bottom } = this.layout;
    if (accept) svg("text", { x: 0, y: bottom + 7, class: "count" }, this.more).textContent = `+${count(accept)}`;
    if (between) svg("text", { x: room.left, y: bottom + 7, class: "count" }, this.more).textContent = `+${count(between)} more`;
  }

  clicked(event) {
    const box = this.root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const distance = (shown) => Math.hypot(shown.x - x, shown.y - y);
    const nearest = this.shown.reduce((best, shown) => (best && distance(best) <= distance(shown) ? best : shown), null);
    if (nearest && distance(nearest) < 14) this.choose(nearest.path.number, this.lane.architecture);
  }
}
