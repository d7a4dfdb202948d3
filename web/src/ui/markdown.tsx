// Markdown as elements: headings, lists, code, emphasis and links. No HTML is made of text, and a link
// leads into this page or to http(s), nowhere else.

import type {ComponentChildren} from 'preact';

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
const isSafe = (to: string) => /^(https?:\/\/|#\/)/.test(to);

function spans(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let done = 0;
  for (const found of text.matchAll(inline)) {
    const [whole, code, strong, soft, label, to] = found;
    parts.push(text.slice(done, found.index));
    done = found.index + whole.length;
    if (code !== undefined) parts.push(<code class="inline">{code}</code>);
    else if (strong !== undefined) parts.push(<strong>{strong}</strong>);
    else if (soft !== undefined) parts.push(<em>{soft}</em>);
    else if (to !== undefined && isSafe(to)) parts.push(<a href={to} rel="noreferrer">{label}</a>);
    else parts.push(whole);
  }
  parts.push(text.slice(done));
  return parts;
}

function Heading({depth, text}: {depth: number; text: string}) {
  const content = spans(text);
  if (depth === 1) return <h2>{content}</h2>;
  return depth === 2 ? <h3>{content}</h3> : <h4>{content}</h4>;
}

// A run of lines without an empty one between them.
function Block({lines}: {lines: readonly string[]}) {
  const heading = /^(#{1,6}) +(.*)$/.exec(lines[0] ?? '');
  if (heading)
    return (
      <>
        <Heading depth={heading[1]!.length} text={heading[2]!} />
        {lines.length > 1 && <Block lines={lines.slice(1)} />}
      </>
    );
  if (lines.every(line => /^\s*[-*] /.test(line)))
    return <ul>{lines.map((line, index) => <li key={index}>{spans(line.replace(/^\s*[-*] /, ''))}</li>)}</ul>;
  if (lines.every(line => /^\s*\d+\. /.test(line)))
    return <ol>{lines.map((line, index) => <li key={index}>{spans(line.replace(/^\s*\d+\. /, ''))}</li>)}</ol>;
  return <p>{spans(lines.join('\n'))}</p>;
}

export function Markdown({text}: {text: string}) {
  // Every second piece stood between fences.
  const pieces = text.split(/^```.*$/m);
  return (
    <div class="markdown">
      {pieces.map((piece, index) => index % 2 === 1
        ? <pre key={index}>{piece.replace(/^\n/, '')}</pre>
        : piece.split(/\n\s*\n/).map(block => block.split('\n').filter(line => line.trim() !== ''))
          .filter(lines => lines.length > 0).map((lines, part) => <Block key={`${index}/${part}`} lines={lines} />))}
    </div>
  );
}
