// Server-sent events as they come (WHATWG HTML, section 9.2), as far as our server uses them.

export interface ServerEvent {
  name: string;
  id: string | undefined;
  data: string;
}

// `heard` is called with every sign of life.
export async function* eventsOf(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let pieces: string[] = []; // of an event that is not there whole: joined once, however many there are
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      heard();
      pieces.push(value);
      if (!value.includes('\n')) continue;
      const blocks = pieces.join('').split('\n\n');
      pieces = [blocks.pop()!];
      for (const block of blocks) {
        const event = parsed(block);
        if (event) yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function parsed(block: string): ServerEvent | undefined {
  const event: ServerEvent = {name: 'message', id: undefined, data: ''};
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    const value = line.slice(at + 2);
    if (line.startsWith('event: ')) event.name = value;
    else if (line.startsWith('id: ')) event.id = value;
    else if (line.startsWith('data: ')) event.data = value;
  }
  return event.data === '' ? undefined : event;
}
