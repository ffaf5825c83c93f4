// A chapter's clock: plays, pauses, steps from event to event, and tells everybody who shows the time.
// There is one clock for all lanes, charts and details of a chapter.

class Player {
  /** `shows` are called with the time in ticks and whether the clock is running. */
  constructor(trace, at) {
    Object.assign(this, { trace, at, speed: 1, running: false, shows: [], events: null, eventIndex: -1 });
  }

  onShow(show) {
    this.shows.push(show);
  }

  show() {
    for (const show of this.shows) show(this.at, this.running);
  }

  seek(at) {
    this.at = Math.min(this.trace.last, Math.max(0, at));
    this.eventIndex = -1;
    this.show();
  }

  play() {
    if (this.running) return;
    if (this.at >= this.trace.last) this.at = 0;
    this.running = true;
    this.eventIndex = -1;
    let before = performance.now();
    const frame = (now) => {
      if (!this.running) return;
      // With reduced motion the picture changes four times a second and nothing glides.
      if (!REDUCED_MOTION.matches || now - before >= 250) {
        this.at = Math.min(this.trace.last, this.at + ((now - before) / 1000) * this.trace.perSecond * this.speed);
        before = now;
        if (this.at >= this.trace.last) this.running = false;
        this.show();
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    this.show();
  }

  pause() {
    if (!this.running) return;
    this.running = false;
    this.show();
  }

  /** Goes to the next event (1) or the one before (-1), and gives it back. */
  step(direction) {
    this.running = false;
    this.events ??= eventsOf(this.trace);
    const { events } = this;
    if (this.eventIndex < 0) {
      const after = events.findIndex((event) => event.at > this.at);
      const next = after < 0 ? events.length : after;
      this.eventIndex = direction > 0 ? next : next - 1;
    } else {
      this.eventIndex += direction;
    }
    this.eventIndex = Math.min(events.length - 1, Math.max(0, this.eventIndex));
    const event = events[this.eventIndex];
    this.at = event.at;
    this.show();
    return event;
  }

  /** How long a message takes to be seen moving, in ticks. */
  get travel() {
    return REDUCED_MOTION.matches ? 0 : 0.35 * this.trace.perSecond * this.speed;
  }
}

const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
