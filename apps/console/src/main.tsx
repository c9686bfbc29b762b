import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { queries } from './api/client.js';
import { Door } from './shell/door.js';
import { applyTheme, keptTheme } from './shell/theme.js';
import { WordsProvider } from './text/context.js';
import './style/tokens.css';
import './style/parts.css';
import './style/forms.css';
import './style/layout.css';

applyTheme(keptTheme());
const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <WordsProvider>
        <QueryClientProvider client={queries}>
          <Router base="/console">
            <Door />
          </Router>
        </QueryClientProvider>
      </WordsProvider>
    </StrictMode>,
  );
