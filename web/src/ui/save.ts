// Puts a text into a file on the disk of who looks.
export function saveAs(name: string, type: string, text: string): void {
  const at = URL.createObjectURL(new Blob([text], {type}));
  const anchor = document.createElement('a');
  anchor.href = at;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(at);
}
