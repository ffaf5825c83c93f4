// Figures as a reader sees them, the same as in the tables.

function count(value) {
  return value.toLocaleString("en-US");
}

/** A duration in milliseconds. */
function duration(milliseconds) {
  const [value, unit] = milliseconds >= 1000 ? [milliseconds / 1000, "s"] : [milliseconds, "ms"];
  const decimals = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(decimals)} ${unit}`;
}

/** A moment, in seconds. */
function moment(second) {
  return `${second.toFixed(3)} s`;
}

/** An element with these children, which may be text. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
