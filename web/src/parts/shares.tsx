// What something is made of: a bar for each part, the largest first.

export interface Share {
  name: string;
  part: number; // 0 to 1
  note?: string;
}

export function Shares({shares}: {shares: readonly Share[]}) {
  const sorted = shares.toSorted((a, b) => b.part - a.part);
  const most = sorted[0]?.part || 1;
  return (
    <ul class="shares">
      {sorted.map(({name, part, note}) => (
        <li key={name}>
          <bdi title={name}>{name}</bdi>
          <span class="lane" aria-hidden="true"><span class="bar share" style={{width: `${(100 * part) / most}%`}} /></span>
          <span class="number">{(100 * part).toFixed(1)} %</span>
          {note && <span class="soft note-of">{note}</span>}
        </li>
      ))}
    </ul>
  );
}
