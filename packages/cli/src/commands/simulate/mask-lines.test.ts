import { expect, it } from "vitest";
import { lineMasker } from "./mask-lines.ts";

it("takes mask commands out and hides their values from then on, however the text is cut", () => {
  const log = "before s3cret\n::add-mask::s3cret\nafter s3cret and s3cret\nlast s3cret";
  for (let size = 1; size <= log.length; size++) {
    const masker = lineMasker();
    let shown = "";
    for (let at = 0; at < log.length; at += size) shown += masker.push(log.slice(at, at + size));
    expect(shown + masker.finish()).toBe("before s3cret\nafter *** and ***\nlast ***");
  }
});

it("does not hide everything when the mask is empty", () => {
  const masker = lineMasker();
  expect(masker.push("::add-mask::\nhello\n")).toBe("hello\n");
});
