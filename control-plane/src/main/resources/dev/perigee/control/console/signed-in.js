'use strict';
// The page that this runs in has the token of whoever just signed in, and is never kept.
sessionStorage.setItem('token', document.querySelector('meta[name="perigee-token"]').content);
location.replace('/');
