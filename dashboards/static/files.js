// Files that take a while: beside the link stands how many rows are made; the file is saved when it is whole. A second
// click gives it up. Without scripts the link is a plain download.

/** The lines of JSON before a file's bytes, then these: `{line}` again and again, at the end `{blob}`. */
async function* parts(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = new Uint8Array(0);
  let ended = false;
  const more = async () => {
    const { value, done } = await reader.read();
    if (done) ended = true;
    else {
      const both = new Uint8Array(rest.length + value.length);
      both.set(rest);
      both.set(value, rest.length);
      rest = both;
    }
  };
  while (!ended || rest.length) {
    const end = rest.indexOf(10);
    if (end < 0) {
      if (ended) throw new Error("cut off");
      await more();
      continue;
    }
    const line = JSON.parse(decoder.decode(rest.subarray(0, end)));
    rest = rest.slice(end + 1);
    yield { line };
    if (line.bytes === undefined) continue;
    const chunks = [rest];
    let length = rest.length;
    while (length < line.bytes) {
      const { value, done } = await reader.read();
      if (done) throw new Error("cut off");
      chunks.push(value);
      length += value.length;
    }
    yield { blob: new Blob(chunks) };
    return;
  }
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Get one file, saying how far it is. */
async function take(link, said, stop) {
  let name = "";
  const answer = await fetch(`${link.href}&progress=1`, { signal: stop.signal });
  if (!answer.ok || !answer.headers.get("content-type").includes("ndjson")) {
    location.href = link.href; // the plain answer says why
    return;
  }
  for await (const { line, blob } of parts(answer.body)) {
    if (blob) save(blob, name);
    else if (line.problem) {
      said.textContent = line.problem[document.documentElement.lang.slice(0, 2)] || line.problem.en;
      return;
    } else if (line.name) name = line.name;
    else said.textContent = link.dataset.making.replace("%", line.rows);
  }
  said.textContent = "";
}

for (const link of document.querySelectorAll("a[data-file]")) {
  let stop = null;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    if (stop) {
      stop.abort();
      return;
    }
    let said = link.nextElementSibling;
    if (!said || !said.matches("[data-said]")) {
      said = document.createElement("span");
      said.className = "mut sm";
      said.dataset.said = "";
      said.setAttribute("role", "status");
      link.after(said);
    }
    said.textContent = link.dataset.making.replace("%", 0);
    stop = new AbortController();
    try {
      await take(link, said, stop);
    } catch {
      said.textContent = link.dataset.stopped;
    }
    stop = null;
  });
}
