// Puts the pieces of each chapter together, when it comes near: lanes, clock, charts, details and address.

const LABELS = { sync: "call", queue: "queue", log: "log" };

class Chapter {
  constructor(section) {
    this.section = section;
    this.name = section.dataset.scenario;
    section.querySelector(".stage").hidden = false;
  }

  /** Makes the chapter's lanes. What takes time is done here, not when the page is opened. */
  open() {
    if (this.player) return;
    this.trace = readTrace(JSON.parse(this.section.querySelector("script.trace").textContent));
    this.find = (selector) => this.section.querySelector(selector);
    this.stage = this.find(".stage");
    this.job = null;
    this.player = new Player(this.trace, openingMoment(this.trace));
    this.views = this.trace.lanes.map((lane) => {
      const field = this.find(`.lane.${LABELS[lane.architecture]} .field`);
      const view = new LaneView(field, this.trace, lane, (job, architecture) => this.choose(job, architecture));
      return { view, now: this.find(`.lane.${LABELS[lane.architecture]} .now`) };
    });
    this.connectControls();
    this.connectCharts();
    this.connectTail();
    new ResizeObserver(() => {
      this.views.forEach(({ view }) => view.resize());
      this.player.show();
    }).observe(this.stage);
    this.player.onShow((at, running) => this.show(at, running));
    this.player.show();
  }

  connectControls() {
    const { player } = this;
    this.scrubber = this.find(".scrubber");
    this.scrubber.max = this.trace.last;
    this.scrubber.step = Math.max(1, Math.round(this.trace.last / 2000));
    this.scrubber.addEventListener("input", () => {
      player.pause();
      player.seek(Number(this.scrubber.value));
      this.tell("");
    });
    this.scrubber.addEventListener("change", () => this.remember());
    this.find(".play").addEventListener("click", () => (player.running ? this.pause() : this.play()));
    for (const [name, direction] of [[".back", -1], [".forward", 1]]) {
      this.find(name).addEventListener("click", () => {
        this.tellEvent(player.step(direction));
        this.remember();
      });
    }
    const speed = this.find(".speed");
    player.speed = Number(speed.value);
    speed.addEventListener("change", () => {
      player.speed = Number(speed.value);
    });
    const windows = this.find(".windows");
    for (const fault of this.trace.windows) {
      const window = element("span", { class: `window ${fault.kind}`, title: fault.what });
      window.style.left = `${(fault.from / this.trace.last) * 100}%`;
      window.style.width = `${(Math.max(0, Math.min(fault.until, this.trace.last) - fault.from) / this.trace.last) * 100}%`;
      windows.append(window);
    }
  }

  connectCharts() {
    for (const chart of this.section.querySelectorAll(".strip .chart[data-plot]")) {
      const cursor = new Cursor(chart, this.player);
      if (chart.dataset.decades) markTail(cursor, this.trace, (job, architecture) => this.choose(job, architecture));
      chart.addEventListener("pointerup", () => this.remember());
    }
  }

  connectTail() {
    const list = this.find(".slowest");
    for (const lane of this.trace.lanes) {
      const buttons = slowestCompletions(lane, 5).map(({ path, ticks }) => {
        const took = duration((ticks / this.trace.perSecond) * 1000);
        const button = element("button", { type: "button" }, `job ${path.number}: ${took}`);
        button.addEventListener("click", () => this.choose(path.number, lane.architecture));
        return button;
      });
      if (buttons.length) list.append(element("p", {}, element("strong", {}, LABELS[lane.architecture]), ...buttons));
    }
    this.section.addEventListener("click", (event) => {
      const link = event.target.closest("button[data-witness]");
      if (link) {
        this.choose(Number(link.dataset.witness), link.dataset.architecture);
        this.stage.scrollIntoView();
      }
    });
  }

  play() {
    for (const chapter of CHAPTERS) if (chapter !== this) chapter.pause();
    this.tell("");
    this.player.play();
  }

  pause() {
    if (!this.player?.running) return;
    this.player.pause();
    this.remember();
  }

  show(at, running) {
    const { trace, player } = this;
    this.views.forEach(({ view, now }) => {
      const figures = view.draw(at, player.travel, this.job);
      now.textContent = inWords(figures, trace);
      if (!running) view.root.setAttribute("aria-label", `${LABELS[view.lane.architecture]}: ${now.textContent}`);
    });
    this.scrubber.value = at;
    const second = at / trace.perSecond;
    this.scrubber.setAttribute("aria-valuetext", moment(second));
    this.find(".time").textContent = moment(second);
    const play = this.find(".play");
    play.textContent = running ? "Pause" : "Play";
    const active = trace.windows.filter((fault) => fault.from <= at && at < fault.until);
    this.find(".broken").textContent = active.map((fault) => fault.what).join("; ");
    if (!running) this.find(".here").setAttribute("href", addressOf(this.state()));
  }

  state() {
    return { scenario: this.name, seed: this.trace.seed, second: this.player.at / this.trace.perSecond, job: this.job };
  }

  remember() {
    showAddress(this.state());
  }

  choose(job, architecture) {
    this.pause();
    if (!showDetails(this.find(".details"), this.trace, job, architecture)) return;
    this.job = job;
    const path = this.trace.lanes.find((lane) => lane.architecture === architecture).paths.find((path) => path.number === job);
    const last = path.stages.at(-1).at;
    if (this.player.at < path.arrived || this.player.at > last) this.player.seek((path.arrived + last) / 2);
    else this.player.show();
    this.remember();
  }

  /** Tells an event; its job is a way to the message, so that every message can be reached with the keyboard. */
  tellEvent({ at, lane, path, what }) {
    const { architecture } = this.trace.lanes[lane];
    this.tell(`${moment(at / this.trace.perSecond)}, ${LABELS[architecture]}: `);
    if (path === null) {
      this.find(".event").append(what);
      return;
    }
    const button = element("button", { type: "button", class: "job" }, `job ${path.number}`);
    button.addEventListener("click", () => this.choose(path.number, architecture));
    this.find(".event").append(button, ` ${what}`);
  }

  tell(text) {
    this.find(".event").textContent = text;
  }

  /** Shows what an address asks for. */
  restore({ seed, second, job }) {
    this.open();
    const { trace } = this;
    this.tell(seed === null || seed === trace.seed ? "" : `This report holds seed ${trace.seed}, not ${seed}.`);
    if (second !== null) this.player.seek(second * trace.perSecond);
    if (job !== null && showDetails(this.find(".details"), trace, job, "queue")) {
      this.job = job;
      this.player.show();
    }
    this.stage.scrollIntoView({ behavior: "instant" });
  }
}

/** A moment at which there is something to see: in the middle of the first fault, or when most is waiting. */
function openingMoment(trace) {
  const fault = trace.windows.find((window) => window.until > window.from);
  if (fault) return fault.from + Math.min(fault.until - fault.from, 4 * trace.perSecond) * 0.6;
  return trace.last * 0.45;
}

function inWords(figures, trace) {
  const words = [];
  if (figures.accept > 0) words.push(`${count(figures.accept)} waiting for a thread`);
  const held = figures.threads >= trace.threads ? `all ${trace.threads} threads held` : `${count(figures.threads)} of ${count(trace.threads)} threads held`;
  words.push(held, `${count(figures.working)} of ${count(trace.workers)} workers busy`);
  return words.join(" · ");
}

const CHAPTERS = [...document.querySelectorAll("section.chapter[data-scenario]")]
  .filter((section) => section.querySelector("script.trace"))
  .map((section) => new Chapter(section));

function restoreFromAddress() {
  const address = readAddress();
  const chapter = CHAPTERS.find((chapter) => chapter.name === address.scenario);
  chapter?.restore(address);
}

const nearby = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    const chapter = CHAPTERS.find((chapter) => chapter.section === target);
    if (isIntersecting) chapter.open();
    else chapter.pause();
  }
}, { rootMargin: "600px" });
for (const { section } of CHAPTERS) nearby.observe(section);

addEventListener("hashchange", restoreFromAddress);
restoreFromAddress();
