import {render} from 'preact';
import {App} from './app';

const at = document.getElementById('page');
if (at) render(<App />, at);
