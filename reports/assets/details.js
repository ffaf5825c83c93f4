// One message: its way through each lane, where its time went, and what happened to it.

/** Parts of a message's time, in the order of their legend. */
const PARTS = {
  thread: "waiting for a thread",
  worker: "waiting for a worker",
  worked: "worked on",
  held: "held by a worker that was cut off",
  retried: "worked on in vain",
};

/** Where a message's time went, from its arrival to its end or the end of the run. */
function partsOf(path, lane) {
  const parts = [];
  let since = path.arrived;
  const add = (until, what) => {
    if (until > since) parts.push({ what, from: since, until });
    since = Math.max(since, until);
  };
  if (path.bystander) {
    if (path.answered !== null) add(path.answered, "thread");
    return parts;
  }
  if (path.admitted !== null) add(path.admitted, "thread");
  path.attempts.forEach((attempt) => {
    add(attempt.started, "worker");
    add(attempt.ended ?? lane.ended, { [COMPLETED]: "worked", [WORK_FAILED]: "retried", [CUT_OFF]: "held", [OPEN]: "worked" }[attempt.end]);
  });
  const last = path.stages.at(-1);
  if (isEnd(last.place)) add(last.at, path.admitted === null ? "thread" : "worker");
  else if (last.place !== "worker") add(lane.ended, "worker");
  return parts;
}

function outcomeOf(path) {
  const last = path.stages.at(-1).place;
  return {
    done: "done", twice: "done twice", refused: "refused", failed: "failed", gone: "its caller gave up",
    dead: "set aside", lost: "lost", quick: "looked up", unserved: "not served", worker: "still worked on", between: "still waiting", accept: "still waiting",
  }[last];
}

/** Fills `panel` with job `number`, the lane called `architecture` first. */
function showDetails(panel, trace, number, architecture) {
  const index = trace.jobs.findIndex((job) => job.number === number);
  if (index < 0) return false;
  const lanes = trace.lanes.map((lane) => ({ lane, path: lane.paths[index] }));
  const ends = lanes.map(({ lane, path }) => Math.max(path.answered ?? 0, partsOf(path, lane).at(-1)?.until ?? path.arrived));
  const span = Math.max(...ends) - trace.jobs[index].arrived || 1;
  const second = moment(trace.jobs[index].arrived / trace.perSecond);
  panel.replaceChildren(
    element("h4", { id: `${panel.id}-title` }, `Job ${count(number)}`, element("span", {}, ` arrived at ${second}`)),
    element("div", { class: "ways" }, ...lanes.map((one) => way(one, trace, span))),
    element("ul", { class: "legend" }, ...Object.entries(PARTS).map(([what, label]) =>
      element("li", {}, element("span", { class: `part ${what}` }), label))),
    element("div", { class: "histories" }, ...lanes.map((one) => historyOf(one, trace, one.lane.architecture === architecture))),
  );
  panel.hidden = false;
  return true;
}

function way({ lane, path }, trace, span) {
  const milliseconds = (ticks) => (ticks / trace.perSecond) * 1000;
  const bar = element("div", { class: "span" });
  for (const { what, from, until: end } of partsOf(path, lane)) {
    const took = duration(milliseconds(end - from));
    const part = element("span", { class: `part ${what}`, title: `${PARTS[what]}: ${took}` });
    part.style.left = `${((from - path.arrived) / span) * 100}%`;
    part.style.width = `${((end - from) / span) * 100}%`;
    bar.append(part);
  }
  if (path.answered !== null) {
    const mark = element("span", { class: "answered", title: `answered after ${duration(milliseconds(path.answered - path.arrived))}` });
    mark.style.left = `${((path.answered - path.arrived) / span) * 100}%`;
    bar.append(mark);
  }
  const took = partsOf(path, lane).at(-1)?.until ?? path.arrived;
  const says = `${outcomeOf(path)} after ${duration(milliseconds(took - path.arrived))}`;
  const answer = path.answered === null ? "no answer" : `answered after ${duration(milliseconds(path.answered - path.arrived))}`;
  return element("div", { class: `way ${lane.architecture}` },
    element("strong", {}, LABELS[lane.architecture]), bar, element("span", { class: "says" }, `${says}; ${answer}`));
}

function historyOf({ lane, path }, trace, open) {
  const events = eventsOf({ lanes: [{ ...lane, paths: [path], incidents: [] }] });
  const line = ({ at, what }) => element("li", {}, element("span", { class: "at" }, moment(at / trace.perSecond)), what);
  const details = element("details", {}, element("summary", {}, `${LABELS[lane.architecture]}: every event`),
    element("ol", {}, ...events.map(line)));
  details.open = open;
  return details;
}
