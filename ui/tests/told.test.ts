import { expect, test } from 'vitest';
import type { Finding } from '../src/review';
import { told } from '../src/lib/told';

const finding = (code: string, message: string, summary: string, command: string | null = null) => ({ key: code, finding: { code, message, action: { summary, command } } as Finding });

test('a sentence that an earlier finding said is left out, and the earlier one is named', () => {
  const leak = 'Without the 8 leaked examples macro-F1 is 0.89 as well. The model has seen these texts.';
  expect(told([finding('K201', leak, 'Report 0.89'), finding('K202', `${leak} 5 of them have another gold there.`, 'Report 0.89')])).toEqual([
    { message: leak, action: 'Report 0.89', like: null },
    { message: '5 of them have another gold there.', action: '', like: 'K201' },
  ]);
});

test('what differs stays, and so does an action with a command of its own', () => {
  const found = told([finding('D1', 'One thing.', 'Do it'), finding('D2', 'Another thing. 0.5 is no end of a sentence.', 'Do it'), finding('D3', 'One thing.', 'Do it', 'trueup x')]);
  expect(found[1]).toEqual({ message: 'Another thing. 0.5 is no end of a sentence.', action: 'Do it', like: null });
  expect(found[2]).toEqual({ message: '', action: 'Do it', like: 'D1' });
});
