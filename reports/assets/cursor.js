// The cursor in the small charts under the lanes, and the points of the tail that lead to their messages.

/** The plot inside a chart: pixels are the drawing's own units. */
function plotOf(chart) {
  const [left, right, top, bottom, last] = chart.dataset.plot.split(" ").map(Number);
  return { left, right, top, bottom, last };
}

class Cursor {
  constructor(chart, player) {
    Object.assign(this, { chart, player, plot: plotOf(chart) });
    const { top, bottom } = this.plot;
    this.line = svg("line", { class: "cursor", y1: top, y2: bottom }, chart);
    chart.classList.add("seekable");
    chart.addEventListener("pointerdown", (event) => {
      if (event.target.closest("[data-job]")) return;
      const second = this.secondAt(event);
      if (second !== null) player.seek(second * player.trace.perSecond);
    });
    player.onShow((at) => this.show(at));
  }

  secondAt(event) {
    const { left, right, last } = this.plot;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.chart.getScreenCTM().inverse());
    const part = (point.x - left) / (right - left);
    return part >= -0.02 && part <= 1.02 ? Math.min(1, Math.max(0, part)) * last : null;
  }

  x(at) {
    const { left, right, last } = this.plot;
    return left + (right - left) * Math.min(1, at / this.player.trace.perSecond / last);
  }

  show(at) {
    const x = this.x(at).toFixed(1);
    this.line.setAttribute("x1", x);
    this.line.setAttribute("x2", x);
  }
}

/** The longest of a lane's responses: a promise, or waiting in vain. */
function slowestResponses(lane, most) {
  const counts = (path) => [ACCEPTED, DONE, TIMED_OUT].includes(path.answer) && path.answered !== null;
  const took = (path) => path.answered - path.arrived;
  return lane.paths.filter(counts).sort((left, right) => took(right) - took(left)).slice(0, most);
}

/** The jobs of a lane that took longest to be done. */
function slowestCompletions(lane, most) {
  const done = (path) => path.attempts.find((attempt) => attempt.end === COMPLETED)?.ended;
  const took = (path) => done(path) - path.arrived;
  return lane.paths.filter((path) => done(path) !== undefined).sort((left, right) => took(right) - took(left)).slice(0, most)
    .map((path) => ({ path, ticks: took(path) }));
}

/** Marks the slowest responses in the chart, each a way to its message. */
function markTail(cursor, trace, choose) {
  const { top, bottom } = cursor.plot;
  const [lowest, highest] = cursor.chart.dataset.decades.split(" ").map(Number);
  for (const lane of trace.lanes) {
    for (const path of slowestResponses(lane, 4)) {
      const milliseconds = ((path.answered - path.arrived) / trace.perSecond) * 1000;
      const part = (Math.log10(Math.max(milliseconds, 1e-3)) - lowest) / (highest - lowest);
      const point = svg("circle", {
        class: `tail ${lane.architecture}`, r: 9, "data-job": path.number, tabindex: 0, role: "button",
        cx: cursor.x(path.arrived).toFixed(1), cy: (bottom - (bottom - top) * Math.min(1, Math.max(0, part))).toFixed(1),
        "aria-label": `${LABELS[lane.architecture]}: job ${path.number}, answered after ${duration(milliseconds)}`,
      }, cursor.chart);
      const chosen = () => choose(path.number, lane.architecture);
      point.addEventListener("click", chosen);
      point.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          chosen();
        }
      });
    }
  }
}
